"""ROS 1 and ROS 2 bags through rosbags: .bag, .db3, or a rosbag2 folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from wam_demo.data.uploads.damage import refused_as
from wam_demo.data.uploads.log import LogReader, MessageIterator


class _Bag1Path(type(Path())):  # type: ignore[misc]
    suffix = ".bag"  # the library goes by the name, we go by the content


class _Bag2Path(type(Path())):  # type: ignore[misc]
    suffix = ".db3"


def open_rosbag1(path: Path) -> LogReader:
    """A ``.bag``."""
    return LogReader(BagLog(_Bag1Path(path), "rosbag1"))


def open_rosbag2(path: Path) -> LogReader:
    """A folder, or the database in it."""
    return LogReader(BagLog(path if path.is_dir() else _Bag2Path(path), "rosbag2"))


class BagLog:
    """Implements `Log` on a bag.

    Args:
        path: The bag; its suffix tells the library which kind.
        format: ``rosbag1`` or ``rosbag2``.
    """

    def __init__(self, path: Path, format: str) -> None:
        self.format = format
        with refused_as("the bag is damaged or cut off"):
            self._reader: Any = AnyReader([path], default_typestore=get_typestore(Stores.LATEST))
            self._reader.open()
        self.topics = {c.topic: c.msgtype for c in self._reader.connections}

    def messages(self, topics: Sequence[str]) -> MessageIterator:
        """See `Log`."""
        for connection, time, raw in self._raw(topics):
            with refused_as(f"a message of {connection.topic[:60]!r} is damaged"):
                message = self._reader.deserialize(raw, connection.msgtype)
            yield connection.topic, time, message

    def times(self, topics: Sequence[str]) -> Iterator[tuple[str, int]]:
        """See `Log`."""
        for connection, time, _ in self._raw(topics):
            yield connection.topic, time

    def _raw(self, topics: Sequence[str]) -> Iterator[tuple[Any, int, bytes]]:
        connections = [c for c in self._reader.connections if c.topic in topics]
        messages = self._reader.messages(connections) if connections else iter(())
        while True:
            with refused_as("the bag is damaged"):
                message = next(messages, None)
            if message is None:
                return
            yield message
