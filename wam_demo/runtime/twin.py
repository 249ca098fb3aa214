"""The counterfactual twin: two courses from one state with the same policy noise, in lock-step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_demo.policies.receding import LockstepPlayer, PlayedStep
from wam_demo.runtime.attempt import judge
from wam_demo.runtime.contracts import Gap, Outcome, Planner, TwinView
from wam_demo.runtime.fork import Fork
from wam_demo.runtime.replay import HALVES
from wam_demo.types import Event, Image, Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World, WorldState

PICTURE_SIZE = 256


class Branch:
    """One of the two courses.

    Args:
        world: Stands at the fork.
        planner: For this world.
        horizon: Control steps after which an attempt has failed.
    """

    def __init__(self, world: World, planner: Planner, horizon: int) -> None:
        self.world = world
        self.outcome: Outcome | None = None
        self.played: PlayedStep | None = None
        self.frame: Image = world.render("front", PICTURE_SIZE)
        self._horizon = horizon
        self._player = LockstepPlayer(planner.lockstep or (lambda seen, seed: planner.submit(seen)), world.seed)
        self._seen: Observation | None = None

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb this course and not the other."""
        event = self.world.apply_event(kind, parameters)
        self._seen = None
        self.frame = self.world.render("front", PICTURE_SIZE)
        return event

    def ask(self) -> None:
        """Observe and ask for a plan if it is time; may be repeated in the same state."""
        if self._seen is None:
            self._seen = self.world.observe({"front": self.frame})
        self._player.ask(self.world.step_count, self._seen)

    def collect(self) -> None:
        """Wait for the plan; raises `WamDemoError` without one, and `ask` may be repeated."""
        self._player.collect(self.world.step_count)

    def move(self) -> None:
        """One control step."""
        assert self._seen is not None, "ask comes first"
        world, self.played = self.world, self._player.play(self.world.step_count, self._seen)
        applied = world.begin(self.played.action)
        for half in HALVES:
            world.advance(half)
        result = world.finish(applied)
        self.outcome = judge(world.step_count, self._horizon, result.success, result.fault)
        self._seen, self.frame = None, world.render("front", PICTURE_SIZE)

    def tool(self) -> np.ndarray:
        """(3,) position of the tool centre point [m]."""
        return self.world.state_vector()[:3]

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self._player.close()


class Twin:
    """Plays on from a fork twice: with the disturbance and without it.

    Plans are awaited and their noise follows from seed and step, so that whatever is different follows
    from the disturbance. A further disturbance goes to the first course only.

    Args:
        world: The session's own; given back as it was by `close`.
        spare: Another world of the same task; closed by `close`.
        open_planner: Gives a planner for a world.
        fork: Where the courses part; ``None``: here and now, until somebody disturbs.
        horizon: Control steps after which an attempt has failed.
    """

    def __init__(
        self,
        world: World,
        spare: World,
        open_planner: Callable[[World], Planner],
        fork: Fork | None,
        horizon: int,
    ) -> None:
        self._own, self._spare, self._saved = world, spare, world.snapshot()
        self._gaps: list[Gap] = []
        self._events: list[Event] = []
        self._frame_number = 0
        self._branches: tuple[Branch, ...] = ()
        try:
            self._branches = self._fork(fork, open_planner, horizon)
        except BaseException:
            self.close()
            raise
        self._forked = self.step

    def _fork(self, fork: Fork | None, open_planner: Callable[[World], Planner], horizon: int) -> tuple[Branch, Branch]:
        start: WorldState = self._saved if fork is None else fork.state
        for world in (self._own, self._spare):
            world.restore(start)
        with_, without = (Branch(world, open_planner(world), horizon) for world in (self._own, self._spare))
        for event in () if fork is None else fork.asked:
            self._events.append(with_.disturb(event.kind, event.parameters))
        return with_, without

    @property
    def step(self) -> int:
        """Control steps that the course which is ahead has done."""
        return max(branch.world.step_count for branch in self._branches)

    @property
    def world(self) -> World:
        """The world that a person disturbs."""
        return self._own

    @property
    def ended(self) -> bool:
        """Whether both courses have come to their end."""
        return all(branch.outcome is not None for branch in self._branches)

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the first course; if nothing was different before, the courses part here."""
        if not self._events:
            self._forked = self.step
        event = self._branches[0].disturb(kind, parameters)
        self._events.append(event)
        self._frame_number += 1
        return event

    def advance(self) -> None:
        """One control step of every course that has not ended.

        Raises:
            WamDemoError: The policy has no usable answer; nothing has moved, and the step may be repeated.
        """
        moving = [branch for branch in self._branches if branch.outcome is None]
        for branch in moving:
            branch.ask()
        for branch in moving:
            branch.collect()
        for branch in moving:
            branch.move()
        self._frame_number += 1
        if len(moving) == 2:
            self._gaps.append(self._gap())

    def view(self, names: Mapping[str, str]) -> TwinView:
        """What it looks like now; ``names`` is what people call the bodies."""
        with_, without = self._branches
        return TwinView(
            forked=self._forked,
            step=self.step,
            events=tuple(self._events),
            names=names,
            frames=(with_.frame, without.frame),
            frame_number=self._frame_number,
            outcomes=(with_.outcome, without.outcome),
            gaps=tuple(self._gaps),
        )

    def close(self) -> None:
        """Give the session's world back as it was and free the other one."""
        for branch in self._branches:
            branch.close()
        self._own.restore(self._saved)
        self._spare.close()

    def _gap(self) -> Gap:
        with_, without = self._branches
        assert with_.played is not None
        assert without.played is not None
        difference = with_.played.action - without.played.action
        return Gap(
            step=with_.world.step_count - 1,
            action=float(np.linalg.norm(difference[:3])),
            gripper=float(difference[-1]),
            tool=float(np.linalg.norm(with_.tool() - without.tool())),
        )
