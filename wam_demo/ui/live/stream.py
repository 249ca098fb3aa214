"""The stream of packets to one page: the newest view, as fast as the page draws, latest wins."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from wam_demo.errors import WamDemoError
from wam_demo.policies.registry import policy_spec
from wam_demo.runtime import SessionView
from wam_demo.ui.live.counterfactual import counterfactual_status, counterfactual_tiles
from wam_demo.ui.live.drive import drive_status, recording_status
from wam_demo.ui.live.hub import Hub, Visitor
from wam_demo.ui.live.present import charts, moment, status
from wam_demo.ui.live.probe import probe_status, probe_tiles
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.twin import twin_tiles
from wam_demo.ui.shared.bell import Bell
from wam_demo.ui.shared.packet import PacketEncoder
from wam_demo.ui.shared.strip import strip_status, strip_tiles

NO_WISHES: Mapping[str, Any] = {}
AHEAD = 24
"""Packets that may be under way to a page before the stream waits for its receipt."""
BEHIND_S = 0.75
"""So old may the oldest packet under way be before the stream waits; a slow page stays current."""
QUIET_S = 1.0
"""Without anything new a packet goes out this often, so that the page knows it is connected."""


async def stream(hub: Hub, key: str, wishes: Mapping[str, Any] = NO_WISHES) -> AsyncIterator[str]:
    """Packets for one page, as JSON text, until the page leaves or opens another stream.

    Args:
        hub: Who is here.
        key: Names the page.
        wishes: What a session that is new begins with.
    """
    try:
        visitor = hub.visit(key)
        visitor.wishes = wishes
    except WamDemoError as error:
        yield json.dumps({"n": 0, "waiting": str(error)})
        return
    visitor.streams += 1
    visitor.received = 0
    number = visitor.streams
    while visitor.streams == number:
        position = hub.admit(visitor)
        if position == 0:
            async for packet in _show(visitor):
                yield packet
            return
        yield json.dumps({"n": 0, "waiting": _waiting(position)})
        await asyncio.sleep(QUIET_S)


async def _show(visitor: Visitor) -> AsyncIterator[str]:
    bell, encoder, window, number = Bell(), PacketEncoder(), Window(), visitor.streams
    visitor.screen.on_change(bell.ring)
    while visitor.streams == number:
        shown = visitor.screen.newest
        if shown is None:
            if visitor.session is not None and visitor.session.notice:
                yield json.dumps({"n": 0, "waiting": visitor.session.notice})
            await bell.wait(QUIET_S)
            continue
        if window.is_full(visitor.received):
            await asyncio.sleep(0.02)
            continue
        if visitor.missed:
            visitor.missed = False
            encoder.forget()
        packet = await asyncio.to_thread(_encode, encoder, shown, visitor.screen)
        window.sent(encoder.number)
        yield packet
        if visitor.screen.newest is shown:
            await bell.wait(QUIET_S)


class Window:
    """Packets that are under way to a page."""

    def __init__(self) -> None:
        self._under_way: deque[tuple[int, float]] = deque()

    def sent(self, number: int) -> None:
        """A packet leaves now."""
        self._under_way.append((number, time.monotonic()))

    def is_full(self, received: int) -> bool:
        """Whether to wait, given that the page has drawn everything up to packet ``received``."""
        while self._under_way and self._under_way[0][0] <= received:
            self._under_way.popleft()
        count = len(self._under_way)
        late = count > 1 and time.monotonic() - self._under_way[0][1] > BEHIND_S
        return late or count >= AHEAD


def _encode(
    encoder: PacketEncoder,
    newest: tuple[SessionView, dict[str, Any]],
    screen: Screen,
) -> str:
    view, track = newest
    spec = policy_spec(view.settings.policy)
    probed, counterfactual = screen.prober.answer, screen.counterfactuals.answer
    stamp = (view.episode, view.step, len(view.events), view.twin is not None)
    shown = moment(view, spec)
    words = {
        **status(view),
        "dreams": spec.dreams,
        "clip": screen.clip,
        "challenge": screen.challenge(view),
        "strip": strip_status(shown),
        "probe": probe_status(probed, view),
        "whatif": counterfactual_status(counterfactual, view),
        "drive": drive_status(view),
        "recording": recording_status(view),
    }
    export = None if view.export is None else asdict(view.export)
    pictures = strip_tiles(shown) if view.twin is None else twin_tiles(view.twin)
    pictures |= probe_tiles(probed, view) | counterfactual_tiles(counterfactual, view)
    return encoder.encode(pictures, words, charts(view, track), stamp, export)


def _waiting(position: int) -> str:
    return f"Every place is taken. You are number {position} in the queue; this page starts by itself."
