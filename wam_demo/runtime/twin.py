"""The counterfactual twin: two branches from one state with the same policy noise, in lock-step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from wam_demo.robots.source import Forkable, Judged, Source, Watchable
from wam_demo.runtime.agents import LockstepAgent
from wam_demo.runtime.attempt import judge
from wam_demo.runtime.contracts import Divergence, Outcome, Planner, TwinView
from wam_demo.runtime.fork import Fork
from wam_demo.runtime.loop import Loop
from wam_demo.types import Event, Image, Vector


@runtime_checkable
class TwinSource(Source, Forkable, Watchable, Judged, Protocol):
    """What a twin needs of a source."""


class Branch:
    """One of the two.

    Args:
        source: Stands at the fork.
        planner: For this source.
        seed: Of the episode; the noise of the plans follows from it.
        step: Control step of the fork.
        horizon: Control steps after which an attempt has failed.
    """

    def __init__(self, source: TwinSource, planner: Planner, seed: int, step: int, horizon: int) -> None:
        self.source = source
        self.outcome: Outcome | None = None
        self.frame: Image = source.picture()
        self._horizon = horizon
        submit = planner.lockstep or (lambda observation, noise_seed: planner.submit(observation))
        self._agent = LockstepAgent(submit, seed)
        self._loop = Loop(source, self._agent, step=step)

    @property
    def step(self) -> int:
        """Control steps done."""
        return self._loop.step

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb this branch and not the other."""
        event = self._loop.disturb(kind, parameters)
        self.frame = self.source.picture()
        return event

    def ask(self) -> None:
        """Observe and ask for a plan if it is time; may be repeated in the same state."""
        self._agent.ask(self.step, self.source.observe())

    def collect(self) -> None:
        """Wait for the plan; raises `WamDemoError` without one, and `ask` may be repeated."""
        self._agent.collect(self.step)

    def move(self) -> None:
        """One control step."""
        record = self._loop.advance()
        self.outcome = judge(self.step, self._horizon, record.success, self.source.fault, self.source.unscored)
        self.frame = self.source.picture()

    def action(self) -> Vector:
        """(7,) that was commanded last."""
        assert self._loop.played is not None, "it has moved"
        return self._loop.played.action

    def tool(self) -> Vector:
        """(3,) position of the tool centre point [m]."""
        return self.source.observe().state[:3]

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self._loop.close()


class Twin:
    """Plays on from a fork twice: with the disturbance and without it.

    Plans are awaited and their noise follows from seed and step, so that whatever is different follows
    from the disturbance. A further disturbance goes to the first branch only.

    Args:
        source: The session's own; given back as it was by `close`.
        spare: Another source of the same task; closed by `close`.
        open_planner: Gives a planner for a source.
        seed: Of the episode.
        fork: Where the branches part.
        horizon: Control steps after which an attempt has failed.
    """

    def __init__(
        self,
        source: TwinSource,
        spare: TwinSource,
        open_planner: Callable[[Source], Planner],
        seed: int,
        fork: Fork,
        horizon: int,
    ) -> None:
        self.source, self._spare, self._saved = source, spare, source.snapshot()
        self.seed = seed
        self._divergences: list[Divergence] = []
        self._events: list[Event] = []
        self._frame_number = 0
        self._forked = fork.step
        self._branches: tuple[Branch, ...] = ()
        try:
            for each in (source, spare):
                each.restore(fork.state)
            self._branches = tuple(
                Branch(each, open_planner(each), seed, fork.step, horizon) for each in (source, spare)
            )
            for event in fork.asked:
                self._events.append(self._branches[0].disturb(event.kind, event.parameters))
        except BaseException:
            self.close()
            raise

    @property
    def step(self) -> int:
        """Control steps that the branch which is ahead has done."""
        return max(branch.step for branch in self._branches)

    @property
    def ended(self) -> bool:
        """Whether both branches have come to their end."""
        return all(branch.outcome is not None for branch in self._branches)

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the first branch; if nothing was different before, they part here."""
        if not self._events:
            self._forked = self.step
            self._divergences.clear()
        event = self._branches[0].disturb(kind, parameters)
        self._events.append(event)
        self._frame_number += 1
        return event

    def advance(self) -> None:
        """One control step of every branch that has not ended.

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
            self._divergences.append(self._divergence())

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
            divergences=tuple(self._divergences),
        )

    def close(self) -> None:
        """Give the session's source back as it was and free the other one."""
        for branch in self._branches:
            branch.close()
        self.source.restore(self._saved)
        self._spare.close()

    def _divergence(self) -> Divergence:
        with_, without = self._branches
        difference = with_.action() - without.action()
        return Divergence(
            step=with_.step - 1,
            action=float(np.linalg.norm(difference[:3])),
            gripper=float(difference[-1]),
            tool=float(np.linalg.norm(with_.tool() - without.tool())),
        )
