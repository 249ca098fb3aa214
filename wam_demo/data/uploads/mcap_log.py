"""MCAP: messages of ROS 1, ROS 2 or JSON, decoded by the schemas in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mcap.reader import NonSeekingReader, make_reader
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

from wam_demo.data.uploads.damage import refused_as
from wam_demo.data.uploads.log import LogReader, MessageIterator
from wam_demo.errors import InvalidInputError

Decode = Callable[[bytes], Any]
ENCODINGS = ("cdr", "ros1", "json")
_DAMAGED = "the MCAP file is damaged or cut off"


def open_mcap(path: Path) -> LogReader:
    """An MCAP file."""
    return LogReader(McapLog(path))


class McapLog:
    """Implements `Log` on an MCAP file.

    Args:
        path: The file.
    """

    format = "mcap"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoders: dict[int, Decode] = {}
        self.topics: dict[str, str] = {}
        with path.open("rb") as file, refused_as(_DAMAGED):
            summary = make_reader(file, validate_crcs=True).get_summary()
        if summary is None or not summary.channels:
            raise InvalidInputError("the MCAP file is cut off or empty: it has no summary with channels")
        # the library's reader goes on without checksums where there is no index
        self._open: Any = make_reader if summary.chunk_indexes else NonSeekingReader
        for channel in summary.channels.values():
            schema = summary.schemas.get(channel.schema_id)
            if channel.message_encoding in ENCODINGS and schema is not None:
                with refused_as(_DAMAGED):
                    self._decoders[channel.id] = _decoder(channel.message_encoding, schema)
                self.topics[channel.topic] = schema.name
        if not self.topics:
            given = ", ".join(sorted({str(c.message_encoding) for c in summary.channels.values()}))[:60]
            raise InvalidInputError(f"the MCAP file's messages are encoded as {given}; valid: {', '.join(ENCODINGS)}")

    def messages(self, topics: Sequence[str]) -> MessageIterator:
        """See `Log`."""
        for channel, message in self._raw(topics):
            if channel.id in self._decoders:
                with refused_as(_DAMAGED):
                    decoded = self._decoders[channel.id](message.data)
                yield channel.topic, message.log_time, decoded

    def times(self, topics: Sequence[str]) -> Iterator[tuple[str, int]]:
        """See `Log`."""
        for channel, message in self._raw(topics):
            yield channel.topic, message.log_time

    def _raw(self, topics: Sequence[str]) -> Iterator[tuple[Any, Any]]:
        if not topics:
            return
        with self._path.open("rb") as file:
            entries = self._open(file, validate_crcs=True).iter_messages(topics=list(topics))
            while True:
                with refused_as(_DAMAGED):
                    entry = next(entries, None)
                if entry is None:
                    return
                yield entry[1], entry[2]


def _decoder(encoding: str, schema: Any) -> Decode:
    if encoding == "json":
        return json.loads
    store = get_typestore(Stores.EMPTY)
    text = schema.data.decode()
    if schema.encoding == "ros2idl":
        separator = "=" * 80 + "\n"
        parts = text.split(separator)[1:] if separator in text else [f"\n{text}"]
        for part in parts:
            store.register(get_types_from_idl(part.split("\n", 1)[1]))
    else:
        name = schema.name if "/msg/" in schema.name else schema.name.replace("/", "/msg/")
        store.register(get_types_from_msg(text, name))
    kind = schema.name if "/msg/" in schema.name else schema.name.replace("/", "/msg/")
    if encoding == "ros1":
        return lambda data: store.deserialize_ros1(data, kind)
    return lambda data: store.deserialize_cdr(data, kind)
