"""Two branches from one state in lock-step: with a disturbance and without it, or reality and its dream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from wam_demo.policies.dreaming import pictures_apart
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.source import Forkable, Judged, Source, Watchable
from wam_demo.runtime.agents import LockstepAgent
from wam_demo.runtime.attempt import judge
from wam_demo.runtime.contracts import Divergence, DreamActions, Outcome, Planner, TwinView
from wam_demo.runtime.dream import expected_error
from wam_demo.runtime.fork import Fork
from wam_demo.runtime.loop import Loop
from wam_demo.types import Event, Image, Observation, Vector


@runtime_checkable
class TwinSource(Source, Forkable, Watchable, Judged, Protocol):
    """What a twin needs of a session's source."""


@runtime_checkable
class WatchableSource(Source, Watchable, Protocol):
    """What the second branch needs of its own."""


class TwinAgent(Protocol):
    """An `Agent` that can be asked before it acts, so that both branches' plans are made in one batch."""

    wait_steps: int

    def ask(self, step: int, observation: Observation) -> None:
        """Ask for a plan if it is time; may be repeated in the same state."""

    def collect(self, step: int) -> None:
        """Wait for it; raises `WamDemoError` without one."""

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """What to do."""

    def close(self) -> None:
        """Withdraw what was asked."""


class Branch:
    """One of the two.

    Args:
        source: Stands at the fork.
        agent: Acts here.
        step: Control step of the fork.
        horizon: Control steps after which an attempt has failed; only a judged source's attempt ends.
    """

    def __init__(self, source: WatchableSource, agent: TwinAgent, step: int, horizon: int) -> None:
        self.source = source
        self.outcome: Outcome | None = None
        self.frame: Image = source.picture()
        self.judged = source if isinstance(source, Judged) else None
        self._horizon = horizon
        self._agent = agent
        self._loop = Loop(source, agent, step=step)

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
        """One control step; raises `WamDemoError` if there is none, and it may be repeated."""
        record = self._loop.advance()
        if self.judged is not None:
            self.outcome = judge(self.step, self._horizon, record.success, self.judged.fault, self.judged.unscored)
        self.frame = self.source.picture()

    @property
    def played(self) -> PlayedStep:
        """What was done last."""
        assert self._loop.played is not None, "it has moved"
        return self._loop.played

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self._loop.close()


class Same:
    """Acts as another branch did in the same step."""

    wait_steps = 0

    def __init__(self, other: Branch) -> None:
        self._other = other

    def ask(self, step: int, observation: Observation) -> None:
        """The other one asks."""

    def collect(self, step: int) -> None:
        """And waits."""

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """What the other one has just done."""
        return self._other.played

    def close(self) -> None:
        """Nothing was asked."""


class Twin:
    """Plays on from one state twice.

    Plans are awaited and their noise follows from seed and step, so that whatever is different follows from what
    the branches are. A disturbance goes to the first branch only.

    Args:
        source: The session's own; given back as it was by `close`.
        spare: Of the second branch; closed by `close`.
        seed: Of the episode.
        dream: What the second branch does, where it is a dream.
    """

    def __init__(self, source: TwinSource, spare: Source, seed: int, dream: DreamActions | None = None) -> None:
        self.source, self._spare, self._saved = source, spare, source.snapshot()
        self.seed = seed
        self.dream = dream
        self._divergences: list[Divergence] = []
        self._events: list[Event] = []
        self._forked = self._frame_number = 0
        self._branches: tuple[Branch, ...] = ()

    def part(self, first: Branch, second: Branch) -> None:
        """Begin with these two, which stand at the same step."""
        self._branches, self._forked = (first, second), first.step

    @property
    def step(self) -> int:
        """Control steps that the branch which is ahead has done."""
        return max(branch.step for branch in self._branches)

    @property
    def ended(self) -> bool:
        """Whether every branch that can end has come to its end."""
        return all(branch.outcome is not None for branch in self._branches if branch.judged is not None)

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the first branch; if nothing was different before, they part here."""
        if not self._events and self.dream is None:
            self._forked = self.step
            self._divergences.clear()
        event = self._branches[0].disturb(kind, parameters)
        self._events.append(event)
        self._frame_number += 1
        return event

    def advance(self) -> None:
        """One control step of every branch that has not ended; one that could not follow follows first.

        Raises:
            WamDemoError: There is no usable answer; the step may be repeated.
        """
        going = [branch for branch in self._branches if branch.outcome is None]
        step = min(branch.step for branch in going)
        moving = [branch for branch in going if branch.step == step]
        for branch in moving:
            branch.ask()
        for branch in moving:
            branch.collect()
        for branch in moving:
            branch.move()
        self._frame_number += 1
        if len({branch.step for branch in self._branches}) == 1:
            self._divergences.append(self._divergence())

    def view(self, names: Mapping[str, str]) -> TwinView:
        """What it looks like now; ``names`` is what people call the bodies."""
        first, second = self._branches
        return TwinView(
            forked=self._forked,
            step=self.step,
            events=tuple(self._events),
            names=names,
            frames=(first.frame, second.frame),
            frame_number=self._frame_number,
            outcomes=(first.outcome, second.outcome),
            divergences=tuple(self._divergences),
            dream=self.dream,
        )

    def close(self) -> None:
        """Give the session's source back as it was and free the other one."""
        for branch in self._branches:
            branch.close()
        self.source.restore(self._saved)
        self._spare.close()

    def _divergence(self) -> Divergence:
        first, second = self._branches
        seen, other = first.source.observe(), second.source.observe()
        difference: Vector = first.played.action - second.played.action
        return Divergence(
            step=first.step - 1,
            action=float(np.linalg.norm(difference[:3])),
            gripper=float(difference[-1]),
            tool=float(np.linalg.norm(seen.state[:3] - other.state[:3])),
            picture=None if self.dream is None else pictures_apart(seen, other),
            expected=expected_error(second.source),
        )


def with_and_without(
    source: TwinSource,
    spare: TwinSource,
    open_planner: Callable[[Source], Planner],
    seed: int,
    fork: Fork,
    horizon: int,
) -> Twin:
    """The counterfactual twin: with the newest disturbance and without it.

    Args:
        source: The session's own.
        spare: Another source of the same task; belongs to the twin from now on.
        open_planner: Gives a planner for a source.
        seed: Of the episode; the noise of the plans follows from it.
        fork: Where the branches part.
        horizon: Control steps after which an attempt has failed.
    """
    twin = Twin(source, spare, seed)
    try:
        for each in (source, spare):
            each.restore(fork.state)
        first, second = (
            Branch(each, LockstepAgent(_noisy(open_planner(each)), seed), fork.step, horizon)
            for each in (source, spare)
        )
        twin.part(first, second)
        for event in fork.asked:
            twin.disturb(event.kind, event.parameters)
    except BaseException:
        twin.close()
        raise
    return twin


def with_its_dream(
    source: TwinSource,
    dream: WatchableSource,
    planner: Planner,
    seed: int,
    step: int,
    horizon: int,
    does: DreamActions,
) -> Twin:
    """Reality, and the dream that begins with what is seen there now.

    Args:
        source: The session's own.
        dream: Belongs to the twin from now on.
        planner: Of the policy, which acts in reality, and in the dream if that acts for itself.
        seed: Of the episode; the noise of the plans follows from it.
        step: Control step at which reality stands.
        horizon: Control steps after which an attempt in reality has failed; a dream has no judge.
        does: What the dream does.
    """
    twin = Twin(source, dream, seed, does)
    try:
        first = Branch(source, LockstepAgent(_noisy(planner), seed), step, horizon)
        agent = Same(first) if does == "same" else LockstepAgent(_noisy(planner), seed)
        twin.part(first, Branch(dream, agent, step, horizon))
    except BaseException:
        twin.close()
        raise
    return twin


def _noisy(planner: Planner) -> Callable[[Observation, int], Any]:
    """Asks with noise that is given, where the planner takes any."""
    return planner.lockstep or (lambda observation, noise_seed: planner.submit(observation))
