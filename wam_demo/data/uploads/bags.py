"""ROS 1 and ROS 2 bags through rosbags: .bag, .db3, or a rosbag2 folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from wam_demo.data.uploads.log import MessageIterator
from wam_demo.errors import InvalidInputError


class _Bag1Path(type(Path())):  # type: ignore[misc]
    suffix = ".bag"  # the library goes by the name, we go by the content


class _Bag2Path(type(Path())):  # type: ignore[misc]
    suffix = ".db3"


class BagLog:
    """Implements `Log` on a bag.

    Args:
        path: The bag.
        format: ``rosbag1`` or ``rosbag2``.
    """

    def __init__(self, path: Path, format: str) -> None:
        self.format = format
        named = path if path.is_dir() else (_Bag1Path if format == "rosbag1" else _Bag2Path)(path)
        try:
            self._reader: Any = AnyReader([named], default_typestore=get_typestore(Stores.LATEST))
            self._reader.open()
        except MemoryError:
            raise
        except Exception as error:  # the library raises its own, sqlite's, struct's and yaml's
            raise InvalidInputError(f"the bag is damaged or cut off: {_brief(error)}") from None
        self.topics = {c.topic: c.msgtype for c in self._reader.connections}

    def messages(self, topics: Sequence[str]) -> MessageIterator:
        """See `Log`."""
        for connection, time, raw in self._raw(topics):
            try:
                yield connection.topic, time, self._reader.deserialize(raw, connection.msgtype)
            except MemoryError:
                raise
            except Exception as error:  # as above
                raise InvalidInputError(f"a message of {connection.topic[:60]!r} is damaged: {_brief(error)}") from None

    def times(self, topics: Sequence[str]) -> Iterator[tuple[str, int]]:
        """See `Log`."""
        for connection, time, _ in self._raw(topics):
            yield connection.topic, time

    def _raw(self, topics: Sequence[str]) -> Iterator[tuple[Any, int, bytes]]:
        connections = [c for c in self._reader.connections if c.topic in topics]
        if not connections:
            return
        messages = self._reader.messages(connections)
        while True:
            try:
                message = next(messages, None)
            except MemoryError:
                raise
            except Exception as error:  # as above
                raise InvalidInputError(f"the bag is damaged: {_brief(error)}") from None
            if message is None:
                return
            yield message


def _brief(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:80]
