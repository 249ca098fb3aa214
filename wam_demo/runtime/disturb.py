"""Live disturbances: turns what a person does to the picture into events of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from wam_demo.errors import InvalidInputError
from wam_demo.robots.source import Source
from wam_demo.runtime.loop import disturbable
from wam_demo.types import Event

NOTHING: Mapping[str, int] = {}
NEXT_EPISODE = frozenset(("robot_init", "layout", "distractor", "shove", "swap_target", "combined"))
"""Axes whose severity counts from the next reset on: they are how an episode begins, or happen in its approach."""
_MOMENTARY = ("robot_init", "shove", "swap_target")
"""What they did is not taken back."""
ONE_CLICK_SEVERITY = 3
"""Severity of a shove or a moved target that was not pointed at."""


class Target(Protocol):
    """What can be disturbed: a source, and who keeps the log of it."""

    @property
    def source(self) -> Source:
        """Is asked what lies where."""

    @property
    def seed(self) -> int:
        """Of the episode."""

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb it; returns what was applied."""


class Disturber:
    """Applies disturbances and remembers which axes are switched on.

    Axes with a severity stay on over resets, until they are set to 0 or cleared; what was dropped
    or shoved belongs to one attempt.

    Args:
        sample: Draws the events of an axis, see `Backend`.
        severities: Of the axes that are switched on from the beginning.
    """

    def __init__(
        self, sample: Callable[[str, int, int], Sequence[Event]], severities: Mapping[str, int] = NOTHING
    ) -> None:
        self._sample = sample
        self.severities: dict[str, int] = dict(severities)
        self._count = 0

    def at_reset(self, seed: int) -> list[Event]:
        """Events of the axes that are switched on, for a reset."""
        return [event for axis, severity in self.severities.items() for event in self._sample(axis, severity, seed)]

    def apply(self, kind: str, parameters: Mapping[str, Any], target: Target) -> list[Event]:
        """Do one disturbance.

        Args:
            kind: ``axis``, ``distractor``, ``shove``, ``swap_target`` or ``clear``.
            parameters: As `Command.parameters` has them.
            target: What is disturbed.

        Returns:
            What was applied.

        Raises:
            InvalidInputError: There is nothing to disturb at that place.
        """
        self._count += 1
        return list(self._kinds[kind](self, parameters, target))

    def _axis(self, parameters: Mapping[str, Any], target: Target) -> Sequence[Event]:
        axis, severity = parameters["axis"], parameters["severity"]
        events = [] if axis in NEXT_EPISODE else self._sampled(axis, severity, target)
        if severity:
            self.severities[axis] = severity
        else:
            self.severities.pop(axis, None)
        return events

    def _distractor(self, parameters: Mapping[str, Any], target: Target) -> Sequence[Event]:
        if "at" not in parameters:
            return self._sampled("distractor", 1, target)
        point = _point(parameters["camera"], parameters["at"], target.source)
        return [target.disturb("distractor", {"position": point})]

    def _shove(self, parameters: Mapping[str, Any], target: Target) -> Sequence[Event]:
        if "from" not in parameters:
            return self._sampled("shove", ONE_CLICK_SEVERITY, target)
        camera, (u, v) = parameters["camera"], parameters["from"]
        name = disturbable(target.source).pick(camera, u, v)
        if name is None:
            raise InvalidInputError("nothing to shove there: start the drag on an object")
        start = _point(camera, parameters["from"], target.source)
        end = _point(camera, parameters["to"], target.source)
        offset = [end[0] - start[0], end[1] - start[1]]
        return [target.disturb("shove", {"object": name, "offset": offset})]

    def _swap_target(self, parameters: Mapping[str, Any], target: Target) -> Sequence[Event]:
        return self._sampled("swap_target", ONE_CLICK_SEVERITY, target)

    def _clear(self, parameters: Mapping[str, Any], target: Target) -> Sequence[Event]:
        self.severities = {}
        newest = {event.kind: event for event in disturbable(target.source).events}
        on = [kind for kind, event in newest.items() if event.parameters.get("severity") != 0]
        return [event for kind in on if kind not in _MOMENTARY for event in self._sampled(kind, 0, target)]

    def _sampled(self, axis: str, severity: int, target: Target) -> Sequence[Event]:
        events = self._sample(axis, severity, target.seed + self._count)
        return [target.disturb(event.kind, dict(event.parameters)) for event in events]

    _kinds: Mapping[str, Callable[..., Sequence[Event]]] = {
        "axis": _axis,
        "distractor": _distractor,
        "shove": _shove,
        "swap_target": _swap_target,
        "clear": _clear,
    }


DISTURBANCES = frozenset(Disturber._kinds)
"""Kinds that `Disturber.apply` knows."""


def _point(camera: str, at: Sequence[float], source: Source) -> list[float]:
    point = disturbable(source).ground_point(camera, at[0], at[1])
    if point is None:
        raise InvalidInputError("that point is not on the table")
    return [float(value) for value in point[:2]]
