"""Closed-loop episodes in lockstep: many worlds, one batched policy call a round."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from wam_demo.errors import PolicyBusy, PolicyFault
from wam_demo.evaluate.executors.executor import Control
from wam_demo.evaluate.executors.panel_means import PanelMeans
from wam_demo.evaluate.executors.simulators import Simulators
from wam_demo.evaluate.specs.evaluation import EpisodeResult, Outcome
from wam_demo.evaluate.specs.record import PlayedEpisode
from wam_demo.evaluate.specs.scene import RoundReport, SceneSpec
from wam_demo.policies.checks import check_prediction, predict
from wam_demo.policies.receding import PlanBuffer
from wam_demo.types import ACTION_DIM, Observation, Policy, Prediction, Vector


def play_scenes(
    scenes: Iterable[SceneSpec],
    policy: Policy | None,
    control: Control,
    simulators: Simulators,
    on_episode: Callable[[PlayedEpisode], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Play scenes of any conditions with one policy, a full batch at a time.

    The noise of the policy is seeded by scene and step, and a batch that is not full is filled up, since
    its size changes rounding inside a network. So an episode depends neither on the number of processes
    nor on what is played beside it.

    Args:
        scenes: In the order in which they begin.
        policy: Plans for batches of observations; ``None`` for ``expert``.
        control: How plans are played.
        simulators: Their slots are the batch.
        on_episode: Called as each episode ends.
        stop: Asked once a round; what is still running then is dropped, not reported.
    """
    waiting = iter(scenes)
    players: dict[int, _Player] = {}
    while not stop():
        _fill(players, waiting, simulators)
        if not players:
            break
        for slot, episode in _play_round(players, policy, control, simulators).items():
            del players[slot]
            on_episode(episode)


class _Player:
    """The policy's side of one running episode."""

    def __init__(self, scene: SceneSpec, report: RoundReport) -> None:
        self.scene = scene
        self.report = report
        self.buffer = PlanBuffer()
        self._sent: list[Vector] = []
        self._panels = PanelMeans()

    def actions(self, prediction: Prediction, control: Control) -> Vector:
        """The (execute, 7) actions until the next plan, late by ``control.latency`` steps."""
        step, observation = self.report.steps, self.observation
        self.buffer.add(prediction, step, ready=step + control.latency)
        self._panels.add(prediction.panels)
        self._sent += [self.buffer.play(step + k, observation).action for k in range(control.execute)]
        return np.stack(self._sent[-control.execute :])

    @property
    def observation(self) -> Observation:
        assert self.report.observation is not None, "a running episode has an observation"
        return self.report.observation

    def ended(self, outcome: Outcome, fault: str | None = None) -> PlayedEpisode:
        """How this episode ended."""
        report = self.report
        result = EpisodeResult(
            task=self.scene.task,
            seed=self.scene.seed,
            success=report.success,
            success_final=report.success and report.success_now,
            steps=report.steps,
            outcome=outcome,
            fault=fault,
        )
        return PlayedEpisode(self.scene, result, self._played(), report.goal_distances_m, self._panels.means())

    def _played(self) -> Vector:
        """(T, 7) actions; an episode may end within the last ones that were sent."""
        if self.report.actions is not None:
            return self.report.actions
        return np.array(self._sent[: self.report.steps], np.float32).reshape(-1, ACTION_DIM)


def _fill(players: dict[int, _Player], scenes: Iterator[SceneSpec], simulators: Simulators) -> None:
    """Begin an episode in every free slot while scenes are left."""
    free = (slot for slot in range(simulators.slots) if slot not in players)
    begun = dict(zip(free, scenes, strict=False))
    for slot, report in simulators.begin(begun).items():
        players[slot] = _Player(begun[slot], report)


def _play_round(
    players: Mapping[int, _Player],
    policy: Policy | None,
    control: Control,
    simulators: Simulators,
) -> dict[int, PlayedEpisode]:
    """One plan and its steps for every running episode; returns those that ended."""
    ended = {
        slot: player.ended("sim_fault", player.report.fault) for slot, player in players.items() if player.report.done
    }
    running = [slot for slot in players if slot not in ended]
    if policy is None:
        reports = simulators.play_expert(running)
    else:
        answers = _plan(policy, [players[slot] for slot in running], simulators.slots)
        plans: dict[int, Vector] = {}
        for slot, answer in zip(running, answers, strict=True):
            if isinstance(answer, PolicyFault):
                outcome: Outcome = "policy_busy" if isinstance(answer, PolicyBusy) else "policy_fault"
                ended[slot] = players[slot].ended(outcome, str(answer))
            else:
                plans[slot] = players[slot].actions(answer, control)
        reports = simulators.play(plans)
    for slot, report in reports.items():
        players[slot].report = report
        if report.done:
            ended[slot] = players[slot].ended(_outcome(report), report.fault or report.unscored or None)
    return ended


def _outcome(report: RoundReport) -> Outcome:
    if report.fault is not None:
        return "sim_fault"
    if report.unscored:
        return "unscored"
    return "success" if report.success else "timeout"


def _plan(policy: Policy, players: Sequence[_Player], batch: int) -> list[Prediction | PolicyFault]:
    """A checked plan or a fault for each episode, from a full batch; one bad observation fails only its own."""
    if not players:
        return []
    full = [*players, *[players[0]] * (batch - len(players))]
    try:
        predictions = predict(
            policy,
            [player.observation for player in full],
            [noise_seed(player.scene.seed, player.report.steps) for player in full],
        )
    except PolicyFault as fault:
        if len(players) == 1:
            return [fault]
        return [answer for player in players for answer in _plan(policy, [player], batch)]
    return [_checked(prediction) for prediction in predictions[: len(players)]]


def _checked(prediction: Prediction) -> Prediction | PolicyFault:
    try:
        return check_prediction(prediction)
    except PolicyFault as fault:
        return fault


def noise_seed(episode_seed: int, step: int) -> int:
    """Seed of the policy's noise, 0 .. 2^32 - 1, fixed by scene and control step."""
    digest = hashlib.blake2b(f"{episode_seed}:{step}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")
