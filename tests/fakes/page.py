"""A page that watches its stream, and asks one question of it."""

import json

from tests.fakes.brain import catalogue
from wam_demo.ui.live.stream import stream


async def until(hub, receive, ask, holds, limit=400):
    """The first packet for which ``holds``; ``ask`` is given to ``receive`` once something is shown."""
    async for text in stream(hub, "a"):
        packet = json.loads(text)
        hub.receipt("a", packet["n"])
        if packet.get("status") and ask is not None:
            receive(hub, catalogue(), "a", ask)
            ask = None
        if packet.get("status") and holds(packet):
            return packet
        limit -= 1
        assert limit, "never happened"
    return None
