"""Live disturbances: turns what a person does to the picture into events of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from wam_demo.errors import InvalidInputError
from wam_demo.types import Event

if TYPE_CHECKING:
    from wam_demo.sim.world import World

ONE_CLICK_SEVERITY = 3
"""Severity of a shove or a moved target that was not pointed at."""


class Disturbable(Protocol):
    """What can be disturbed: a world, and who keeps the log of it."""

    @property
    def world(self) -> World:
        """Is asked what lies where."""

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb it; returns what was applied."""


class Disturber:
    """Applies disturbances and remembers which axes are switched on.

    Axes with a severity stay on over resets, until they are set to 0 or cleared; what was dropped
    or shoved belongs to one attempt.

    Args:
        sample: Draws the events of an axis, see `Backend`.
    """

    def __init__(self, sample: Callable[[str, int, int, World], Sequence[Event]]) -> None:
        self._sample = sample
        self.severities: dict[str, int] = {}
        self._count = 0

    def at_reset(self, seed: int, world: World) -> list[Event]:
        """Events of the axes that are switched on, for the reset of a world."""
        return [
            event for axis, severity in self.severities.items() for event in self._sample(axis, severity, seed, world)
        ]

    def apply(self, kind: str, parameters: Mapping[str, Any], target: Disturbable) -> list[Event]:
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

    def _axis(self, parameters: Mapping[str, Any], target: Disturbable) -> Sequence[Event]:
        axis, severity = parameters["axis"], parameters["severity"]
        if severity:
            self.severities[axis] = severity
        else:
            self.severities.pop(axis, None)
        return self._sampled(axis, severity, target)

    def _distractor(self, parameters: Mapping[str, Any], target: Disturbable) -> Sequence[Event]:
        if "at" not in parameters:
            return self._sampled("distractor", 1, target)
        point = self._point(parameters["camera"], parameters["at"], target.world)
        return [target.disturb("distractor", {"position": point})]

    def _shove(self, parameters: Mapping[str, Any], target: Disturbable) -> Sequence[Event]:
        if "from" not in parameters:
            return self._sampled("shove", ONE_CLICK_SEVERITY, target)
        camera, (u, v) = parameters["camera"], parameters["from"]
        name = target.world.pick(camera, u, v)
        if name is None:
            raise InvalidInputError("nothing to shove there: start the drag on an object")
        start = self._point(camera, parameters["from"], target.world)
        end = self._point(camera, parameters["to"], target.world)
        offset = [end[0] - start[0], end[1] - start[1]]
        return [target.disturb("shove", {"object": name, "offset": offset})]

    def _swap_target(self, parameters: Mapping[str, Any], target: Disturbable) -> Sequence[Event]:
        return self._sampled("swap_target", ONE_CLICK_SEVERITY, target)

    def _clear(self, parameters: Mapping[str, Any], target: Disturbable) -> Sequence[Event]:
        dropped = ["distractor"] if any(event.kind == "distractor" for event in target.world.events) else []
        axes, self.severities = [*self.severities, *dropped], {}
        return [event for axis in axes for event in self._sampled(axis, 0, target)]

    def _sampled(self, axis: str, severity: int, target: Disturbable) -> Sequence[Event]:
        events = self._sample(axis, severity, target.world.seed + self._count, target.world)
        return [target.disturb(event.kind, dict(event.parameters)) for event in events]

    @staticmethod
    def _point(camera: str, at: Sequence[float], world: World) -> list[float]:
        point = world.ground_point(camera, at[0], at[1])
        if point is None:
            raise InvalidInputError("that point is not on the table")
        return [float(value) for value in point[:2]]

    _kinds: Mapping[str, Callable[..., Sequence[Event]]] = {
        "axis": _axis,
        "distractor": _distractor,
        "shove": _shove,
        "swap_target": _swap_target,
        "clear": _clear,
    }


DISTURBANCES = frozenset(Disturber._kinds)
"""Kinds that `Disturber.apply` knows."""
