"""Logs of messages by topic: image topics are cameras, numeric topics are signals; one log is one episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.data.uploads.messages import is_picture, numbers, picture, picture_size
from wam_demo.data.uploads.summary import NOTES, check_numbers, summarise
from wam_demo.data.uploads.video import rate
from wam_demo.errors import InvalidInputError
from wam_demo.limits import EPISODE_FRAMES, VIDEO_FRAMES, VIDEO_SECONDS

MessageIterator = Iterator[tuple[str, int, Any]]
"""Topic, time [ns] and message, in the order of time."""


class Log(Protocol):
    """A file of messages."""

    format: str

    @property
    def topics(self) -> Mapping[str, str]:
        """Message type by topic."""

    def messages(self, topics: Sequence[str]) -> MessageIterator:
        """Decoded messages of some topics."""

    def times(self, topics: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Topic and time [ns] of messages, without decoding them."""


class LogReader:
    """Implements `Reader` on a log; the first camera's messages are the frames.

    Args:
        log: The file.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        cameras = [topic for topic, kind in log.topics.items() if is_picture(kind)]
        if not cameras:
            kinds = ", ".join(sorted(set(log.topics.values()))[:4]) or "no messages"
            raise InvalidInputError(f"the log has no camera topic; it holds {kinds[:160]}")
        stamps: dict[str, list[int]] = {topic: [] for topic in cameras}
        for topic, time in log.times(cameras):
            stamps[topic].append(time)
            if len(stamps[topic]) > VIDEO_FRAMES:
                raise InvalidInputError(f"the log has more than {VIDEO_FRAMES} images of {topic[:60]!r}")
        self._cameras = [topic for topic in cameras if stamps[topic]]
        if not self._cameras:
            raise InvalidInputError("the log has no images: its camera topics are empty")
        base = max(self._cameras, key=lambda topic: len(stamps[topic]))
        ordered = np.sort(np.asarray(stamps[base], np.int64))
        self._zero = int(ordered[0])
        self._times = (ordered - self._zero) / 1e9
        if self._times[-1] > VIDEO_SECONDS:
            raise InvalidInputError(f"the log lasts {self._times[-1]:.0f} s, more than {VIDEO_SECONDS} s")
        self._names: dict[str, list[str]] = {}
        self._left_out: dict[str, int] = {}
        self._values = self._read_numbers()

    def describe(self) -> Description:
        """See `Reader`."""
        cameras = [Camera(topic, *self._size(topic)) for topic in self._cameras]
        signals = [summarise(topic, rows, self._names[topic]) for topic, rows in self._values.items()]
        episodes = [RecordedEpisode("0", len(self._times))]
        notes = [f"{count} messages of {topic[:60]} are longer or shorter than its first and left out"
                 for topic, count in self._left_out.items()][:NOTES]  # fmt: skip
        return Description(self._log.format, rate(self._times), cameras, signals, episodes, notes=tuple(notes))

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        return self._times, self._values

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        kind = self._log.topics.get(camera, "")
        for _, time, message in self._log.messages([camera]):
            yield (time - self._zero) / 1e9, partial(picture, message, kind)

    def _size(self, topic: str) -> tuple[int, int]:
        _, _, message = next(iter(self._log.messages([topic])))
        return picture_size(message, self._log.topics[topic])

    def _read_numbers(self) -> dict[str, Numbers]:
        """(T, D) of every numeric topic, each frame with the newest message before it."""
        found: dict[str, tuple[list[int], list[NDArray[np.float32]]]] = {}
        topics = [topic for topic, kind in self._log.topics.items() if not is_picture(kind)]
        for topic, time, message in self._log.messages(topics):
            names, values = numbers(message)
            if topic not in found and values.size:
                found[topic], self._names[topic] = ([], []), names
            if topic in found and len(values) != len(self._names[topic]):
                self._left_out[topic] = self._left_out.get(topic, 0) + 1
            elif topic in found:
                times, rows = found[topic]
                times.append(time)
                rows.append(values)
                if len(times) > EPISODE_FRAMES:
                    raise InvalidInputError(f"the log has more than {EPISODE_FRAMES} messages of {topic[:60]!r}")
        aligned = {}
        for topic, (times, rows) in found.items():
            ahead = np.searchsorted((np.asarray(times) - self._zero) / 1e9, self._times, side="right") - 1
            aligned[topic] = check_numbers(topic, np.stack(rows)[np.maximum(ahead, 0)])
        return aligned
