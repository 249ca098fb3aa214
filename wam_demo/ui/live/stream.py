"""The stream of packets to one page: the newest view, as fast as the page draws, latest wins."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any

from wam_demo.errors import WamDemoError
from wam_demo.runtime import SessionView
from wam_demo.ui.live.hub import Hub, Visitor
from wam_demo.ui.live.present import charts, status, tiles
from wam_demo.ui.live.probe import probe_status, probe_tiles
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.whatif import whatif_status, whatif_tiles
from wam_demo.ui.shared.packet import PacketEncoder

AHEAD = 24
"""Packets that may be under way to a page before the stream waits for its receipt."""
BEHIND_S = 0.75
"""So old may the oldest packet under way be before the stream waits; a slow page stays current."""
QUIET_S = 1.0
"""Without anything new a packet goes out this often, so that the page knows it is connected."""


async def stream(hub: Hub, key: str, imagines: Callable[[str], bool]) -> AsyncIterator[str]:
    """Packets for one page, as JSON text, until the page leaves or opens another stream.

    Args:
        hub: Who is here.
        key: Names the page.
        imagines: Whether a policy imagines and attends.
    """
    try:
        visitor = hub.visit(key)
    except WamDemoError as error:
        yield json.dumps({"n": 0, "waiting": str(error)})
        return
    visitor.streams += 1
    visitor.received = 0
    number = visitor.streams
    while visitor.streams == number:
        position = hub.admit(visitor)
        if position == 0:
            async for packet in _show(visitor, imagines):
                yield packet
            return
        yield json.dumps({"n": 0, "waiting": _waiting(position)})
        await asyncio.sleep(QUIET_S)


async def _show(visitor: Visitor, imagines: Callable[[str], bool]) -> AsyncIterator[str]:
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
        packet = await asyncio.to_thread(_encode, encoder, shown, imagines, visitor.screen)
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
    imagines: Callable[[str], bool],
    screen: Screen,
) -> str:
    view, track = newest
    probed, wondered = screen.prober.answer, screen.wonderer.answer
    stamp = (view.episode, view.step, len(view.events), view.twin is not None)
    answers = {"probe": probe_status(probed, view), "whatif": whatif_status(wondered, view)}
    shown = {**status(view, imagines(view.settings.policy)), **answers}
    export = None if view.export is None else asdict(view.export)
    pictures = tiles(view) | probe_tiles(probed, view) | whatif_tiles(wondered, view)
    return encoder.encode(pictures, shown, charts(view, track), stamp, export)


def _waiting(position: int) -> str:
    return f"Every place is taken. You are number {position} in the queue; this page starts by itself."


class Bell:
    """Wakes a coroutine from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits; safe from any thread, also after the loop has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout: float) -> None:
        """Wait for a ring, at most ``timeout`` seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout)
        except TimeoutError:
            return
        self._event.clear()
