"""MCAP: messages of ROS 1, ROS 2 or JSON, decoded by the schemas in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mcap.reader import NonSeekingReader, make_reader
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

from wam_demo.data.uploads.log import MessageIterator
from wam_demo.errors import InvalidInputError

Decode = Callable[[bytes], Any]
ENCODINGS = ("cdr", "ros1", "json")


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
        encodings = set()
        with path.open("rb") as file:
            summary = self._guard(make_reader(file, validate_crcs=True).get_summary)
        if summary is None or not summary.channels:
            raise InvalidInputError("the MCAP file is cut off or empty: it has no summary with channels")
        self._indexed = bool(summary.chunk_indexes)
        for channel in summary.channels.values():
            encodings.add(channel.message_encoding)
            schema = summary.schemas.get(channel.schema_id)
            if channel.message_encoding in ENCODINGS and schema is not None:
                decode = self._guard(partial(_decoder, channel.message_encoding, schema))
                self._decoders[channel.id] = decode
                self.topics[channel.topic] = schema.name
        if not self.topics:
            given = ", ".join(sorted(map(str, encodings)))[:60]
            raise InvalidInputError(f"the MCAP file's messages are encoded as {given}; valid: {', '.join(ENCODINGS)}")

    def messages(self, topics: Sequence[str]) -> MessageIterator:
        """See `Log`."""
        for channel, message in self._raw(topics):
            decode = self._decoders.get(channel.id)
            if decode is not None:
                yield channel.topic, message.log_time, self._guard(partial(decode, message.data))

    def times(self, topics: Sequence[str]) -> Iterator[tuple[str, int]]:
        """See `Log`."""
        for channel, message in self._raw(topics):
            yield channel.topic, message.log_time

    def _raw(self, topics: Sequence[str]) -> Iterator[tuple[Any, Any]]:
        if not topics:
            return
        with self._path.open("rb") as file:
            open_reader = make_reader if self._indexed else NonSeekingReader  # the former knows no checksums then
            found = open_reader(file, validate_crcs=True).iter_messages(topics=list(topics))
            while (entry := self._guard(lambda: next(found, None))) is not None:
                yield entry[1], entry[2]

    @staticmethod
    def _guard(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (MemoryError, InvalidInputError):
            raise
        except Exception as error:  # the library raises its own, struct's, lz4's and zstandard's
            text = " ".join(f"{type(error).__name__} {error}".split())[:80]
            raise InvalidInputError(f"the MCAP file is damaged or cut off: {text}") from None


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
