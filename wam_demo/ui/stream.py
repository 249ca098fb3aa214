"""The stream of packets to one page: the newest view, as fast as the page draws, latest wins."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from wam_demo.errors import WamDemoError
from wam_demo.session import View
from wam_demo.ui.hub import Hub, Visitor
from wam_demo.ui.packet import PacketEncoder
from wam_demo.ui.present import charts, status, tiles

AHEAD = 24
"""Packets that may be under way to a page before the stream waits for its receipt."""
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
    bell, encoder, number, shown = Bell(), PacketEncoder(), visitor.streams, None
    visitor.screen.on_change(bell.ring)
    while visitor.streams == number:
        newest = visitor.screen.newest
        page_is_behind = encoder.number - visitor.received > AHEAD
        if newest is None or page_is_behind:
            if newest is None and visitor.session is not None and visitor.session.notice:
                yield json.dumps({"n": 0, "waiting": visitor.session.notice})
            await bell.wait(QUIET_S if newest is None else 0.05)
            continue
        if visitor.missed:
            visitor.missed = False
            encoder.forget()
        packet = await asyncio.to_thread(_encode, encoder, newest, imagines)
        shown = newest
        yield packet
        if visitor.screen.newest is shown:
            await bell.wait(QUIET_S)


def _encode(encoder: PacketEncoder, newest: tuple[View, dict[str, Any]], imagines: Callable[[str], bool]) -> str:
    view, track = newest
    stamp = (view.episode, view.step, len(view.events))
    shown = status(view, imagines(view.settings.policy))
    return encoder.encode(tiles(view), shown, charts(view, track), stamp)


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
