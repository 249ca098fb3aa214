"""Receding-horizon execution: plan 16 steps, play 4, plan again, never wait for the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from wam_demo.errors import WamDemoError
from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.policies.checks import check_observation, check_prediction, predict
from wam_demo.policies.latency import LARGEST_STEPS, LatencyEstimator
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, OPENING_INDEX, Observation, Policy, Prediction, Vector

_MOTION_DIM = 6
_STEP_LIMITS = np.array([ACTION_TRANSLATION_M] * 3 + [ACTION_ROTATION_RAD] * 3)
EXECUTE_STEPS = 4
"""Steps played from a plan before the next one is asked for, unless told otherwise."""


@dataclass(frozen=True)
class PlayedStep:
    """What to do at one control step.

    Attributes:
        action: (7,) float32, as in `ActionChunk`.
        prediction: The prediction it comes from; ``None`` while holding without a plan.
        prediction_step: Control step of the observation that the prediction answers.
        index: Position of the action in the plan, 0 .. 15; ``None`` while holding.
        fault: One line when the plan asked for last was late or unusable, at the step it was seen.
        person_weight: Share of a person in the action, 0..1; plan and index are then what the policy would have done.
    """

    action: Vector
    prediction: Prediction | None = None
    prediction_step: int | None = None
    index: int | None = None
    fault: str | None = None
    person_weight: float = 0.0

    @property
    def holding(self) -> bool:
        """Whether the arm stands still because there is no plan to play."""
        return self.index is None


class PlanBuffer:
    """Plays the newest plan that has arrived; pure bookkeeping, no threads.

    A plan made from the observation of step t that arrives at step t + k starts at its k-th
    action. Steps at which the arm held do not count: the arm has not moved on. Without a plan, or
    past its end, the arm holds: zero motion, gripper as last commanded.

    Where commands reach the arm late (`LatencyEstimator`), some are still under way when a plan is made. The
    plan then starts at the action that will arrive after them, and the difference between where they lead and
    where the plan would be by then is made up in its first steps.
    """

    def __init__(self) -> None:
        self._plan: Prediction | None = None
        self._plan_step = 0
        self._index = 0
        self._due: list[tuple[int, Prediction, int, int]] = []
        self._moves = 0
        self._gripper: float | None = None
        self._latency = LatencyEstimator()
        self._observation: Observation | None = None
        self._given: deque[PlayedStep] = deque(maxlen=LARGEST_STEPS + CHUNK_STEPS)
        self._fresh = False
        self._under_way = 0
        self._debt = np.zeros(_MOTION_DIM)

    @property
    def played(self) -> int:
        """Steps of the present plan that were played, or skipped as it came late; 16 when there is none."""
        return self._index - self._under_way if self._plan is not None else CHUNK_STEPS

    @property
    def moves(self) -> int:
        """Steps at which a planned action was played since the start."""
        return self._moves

    def add(
        self,
        prediction: Prediction,
        observed: int,
        *,
        moves: int | None = None,
        ready: int | None = None,
    ) -> None:
        """Hand in a plan.

        Args:
            prediction: The plan, already checked.
            observed: Control step of the observation that it answers.
            moves: `moves` when that observation was taken; ``None`` means now.
            ready: First control step at which it may be played (simulated latency); ``None``
                means now.
        """
        moves = self._moves if moves is None else moves
        if ready is None:
            self._adopt(prediction, observed, moves)
        else:
            self._due.append((ready, prediction, observed, moves))

    def drop(self, gripper: float | None = None) -> None:
        """Forget every plan: the arm holds until the next one is handed in.

        Args:
            gripper: Opening that it holds meanwhile; as last commanded when ``None``.
        """
        self._plan, self._due = None, []
        self._gripper = self._gripper if gripper is None else gripper

    def play(self, step: int, observation: Observation) -> PlayedStep:
        """The action of control step ``step``; call once a step, in order."""
        self._adopt_due(step)
        if self._gripper is None:
            self._gripper = float(np.clip(observation.state[OPENING_INDEX], 0.0, 1.0))
        if observation is not self._observation:
            self._observation = observation
            self._latency.observe(observation.state[:3])
        if self._fresh:
            self._fresh = False
            self._meet_the_commands_under_way(step)
        played = self._next()
        self._latency.command(played.action[:3])
        self._given.append(played)
        return played

    def _next(self) -> PlayedStep:
        if self._plan is None or self._index >= CHUNK_STEPS:
            return PlayedStep(self._hold(), self._plan, self._plan_step if self._plan else None)
        action = np.asarray(self._plan.chunk.actions[self._index], np.float32)
        if self._debt.any():
            action = self._pay_back(action)
        played = PlayedStep(action, self._plan, self._plan_step, self._index)
        self._gripper = float(action[-1])
        self._index += 1
        self._moves += 1
        return played

    def _meet_the_commands_under_way(self, step: int) -> None:
        self._debt = np.zeros(_MOTION_DIM)
        late = self._latency.steps
        if not late or self._plan is None:
            return
        self._under_way = sum(not given.holding for given in list(self._given)[-late:])
        self._index += self._under_way
        since = list(self._given)[-(late + step - self._plan_step) :]
        planned = np.asarray(self._plan.chunk.actions[: self._index, :_MOTION_DIM], float).sum(0)
        self._debt = planned - sum((given.action[:_MOTION_DIM] for given in since), np.zeros(_MOTION_DIM))

    def _pay_back(self, action: Vector) -> Vector:
        """The action with as much of the debt as one control step can make up."""
        wanted = np.clip(action[:_MOTION_DIM] + self._debt, -_STEP_LIMITS, _STEP_LIMITS)
        self._debt = self._debt - (wanted - action[:_MOTION_DIM])
        self._debt[np.abs(self._debt) < 1e-6] = 0.0
        return np.append(wanted, action[_MOTION_DIM:]).astype(np.float32)

    def _adopt_due(self, step: int) -> None:
        arrived = [due for due in self._due if due[0] <= step]
        self._due = [due for due in self._due if due[0] > step]
        for _, prediction, observed, moves in arrived:
            self._adopt(prediction, observed, moves)

    def _adopt(self, prediction: Prediction, observed: int, moves: int) -> None:
        if self._plan is None or observed >= self._plan_step:
            self._plan, self._plan_step = prediction, observed
            self._index, self._under_way = self._moves - moves, 0
            self._fresh = True

    def _hold(self) -> Vector:
        action = np.zeros(ACTION_DIM, np.float32)
        action[-1] = 0.0 if self._gripper is None else self._gripper
        return action


class ChunkPlayer:
    """Executes the plans of an asynchronous planner: one `act` a control step, which never waits.

    Args:
        submit: Asks for a plan, e.g. `InferenceEngine.submit` or `InlinePlanner.submit`.
        execute: Steps played from a plan before the next is asked for, 1 .. 16.
    """

    def __init__(
        self,
        submit: Callable[[Observation], Future[Prediction]],
        execute: int = EXECUTE_STEPS,
    ) -> None:
        if not 1 <= execute <= CHUNK_STEPS:
            raise ValueError(f"execute must be in 1 .. {CHUNK_STEPS}, got {execute}")
        self._submit = submit
        self._execute = execute
        self._buffer = PlanBuffer()
        self._pending: Future[Prediction] | None = None
        self._asked = (0, 0)
        self.wait_steps = 0
        """Control steps that the newest plan has been waited for, or took."""

    def prepare(self, step: int, observation: Observation) -> Future[Prediction]:
        """Ask for the plan of the first step before it is played; asking again gives the same answer."""
        if self._pending is None:
            self._pending, self._asked = self._submit(observation), (step, self._buffer.moves)
        return self._pending

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """Take in a plan that has arrived, ask for the next when it is time, and play one step.

        Args:
            step: Control step, counting up by one from call to call.
            observation: The newest one, before the action.

        Returns:
            The action. A late or unusable plan drops the present one: the arm holds and ``fault``
            says why, while a new plan is asked for.
        """
        if self._pending is not None:
            self.wait_steps = step - self._asked[0]
        fault = self._collect()
        if self._pending is None and self._buffer.played >= self._execute:
            self._pending = self._submit(observation)
            self._asked = (step, self._buffer.moves)
            fault = fault or self._collect()  # an inline planner has answered already
        played = self._buffer.play(step, observation)
        return played if fault is None else replace(played, fault=fault)

    def replan(self, gripper: float) -> None:
        """Forget every plan, also the one asked for: somebody else has moved the arm.

        Args:
            gripper: Opening to hold until the next plan comes.
        """
        self.close()
        self._buffer.drop(gripper)

    def close(self) -> None:
        """Withdraw the plan that was asked for last."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def _collect(self) -> str | None:
        """Hand an answer that has arrived to the buffer; returns the fault if it is one."""
        if self._pending is None or not self._pending.done():
            return None
        answer, self._pending = self._pending, None
        if answer.cancelled():
            return None
        error = answer.exception()
        if error is None:
            self._buffer.add(answer.result(), self._asked[0], moves=self._asked[1])
            return None
        self._buffer.drop()
        return str(error)


class LockstepPlayer:
    """Executes plans that are awaited: what it does follows from observations and seed, never from time.

    Args:
        submit: Asks for a plan with a seed of the policy's noise.
        seed: Of this course; with the step it gives the noise of each plan.
        execute: Steps played from a plan before the next is asked for.
    """

    def __init__(
        self, submit: Callable[[Observation, int], Future[Prediction]], seed: int, execute: int = EXECUTE_STEPS
    ) -> None:
        self._submit = submit
        self._seed = seed
        self._execute = execute
        self._buffer = PlanBuffer()
        self._pending: Future[Prediction] | None = None

    def ask(self, step: int, observation: Observation) -> None:
        """Ask for the next plan if it is time; several players ask before one of them waits."""
        if self._buffer.played >= self._execute and self._pending is None:
            self._pending = self._submit(observation, noise_seed(self._seed, step))

    def collect(self, step: int) -> None:
        """Wait for what was asked at this step.

        Raises:
            WamDemoError: The policy has no usable answer; nothing was played, `ask` may be repeated.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._buffer.add(pending.result(), step)

    def play(self, step: int, observation: Observation) -> PlayedStep:
        """The action of this step."""
        return self._buffer.play(step, observation)

    def replan(self, gripper: float) -> None:
        """Forget every plan, also the one asked for; the gripper holds this opening until the next comes."""
        self.close()
        self._buffer.drop(gripper)

    def close(self) -> None:
        """Withdraw the plan that was asked for last."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None


def noise_seed(seed: int, step: int) -> int:
    """Seed of the policy's noise at a control step of an episode."""
    return int(np.random.default_rng([seed, step]).integers(2**32))


class InlinePlanner:
    """Answers at once in the caller's thread, for policies that need no engine (expert, hold).

    Args:
        policy: Any policy; ``expert`` must be used in the thread of its world.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def submit(self, observation: Observation, seed: int = 0) -> Future[Prediction]:
        """A future that is already resolved, with a plan or with a `WamDemoError`; ``seed`` is of the noise."""
        future: Future[Prediction] = Future()
        try:
            check_observation(observation)
            future.set_result(check_prediction(predict(self._policy, [observation], [seed])[0]))
        except WamDemoError as error:
            future.set_exception(error)
        return future
