"""Closed-loop rollouts in lockstep: many worlds, one batched policy call a round."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.evaluate.runner import RoundReport, SceneSpec
from wam_demo.evaluate.simulators import Simulators
from wam_demo.evaluate.suite import EpisodeResult, EvaluationSpec, Outcome
from wam_demo.policy.base import check_prediction, needs_images, predict
from wam_demo.policy.receding import PlanBuffer
from wam_demo.sim import TASKS
from wam_demo.types import Observation, Policy, Prediction, Vector


@dataclass(frozen=True)
class RolloutConfig:
    """How rollouts are spread over the machine.

    Attributes:
        batch: Episodes at a time, i.e. observations in one policy call.
        processes: Simulator processes; 0 simulates in the caller's.
        videos: Folder for a video of each of the first ``video_count`` episodes.
        video_count: Videos written when ``videos`` is given.
    """

    batch: int = 8
    processes: int = 2
    videos: Path | None = None
    video_count: int = 10


def rollout(
    spec: EvaluationSpec,
    policy: Policy | None,
    config: RolloutConfig | None = None,
    on_episode: Callable[[EpisodeResult], None] = lambda episode: None,
) -> list[EpisodeResult]:
    """Run every episode of a condition.

    The noise of the policy is seeded by scene and step, so the results do not depend on the
    number of processes. (Another batch size may change rounding inside the policy.)

    Args:
        spec: The condition, validated.
        policy: Plans for batches of observations; ``None`` for ``expert``, which lives in the
            simulator processes because it reads their worlds.
        config: Parallelism and videos.
        on_episode: Called as each episode ends.

    Returns:
        One result per scene, in the order of `EvaluationSpec.seeds`.
    """
    config = config or RolloutConfig()
    if policy is None and spec.policy != "expert":
        raise InvalidInputError(f"policy {spec.policy!r} is not loaded")
    images = policy is not None and needs_images(policy)
    scenes = iter(_scenes(spec, config, images))
    results: dict[int, EpisodeResult] = {}
    with Simulators(min(config.batch, spec.episodes), config.processes) as simulators:
        players: dict[int, _Player] = {}
        while True:
            _fill(players, scenes, simulators)
            if not players:
                break
            for slot, result in _play_round(players, policy, spec, simulators).items():
                results[result.seed] = result
                del players[slot]
                on_episode(result)
    return [results[seed] for seed in spec.seeds()]


class _Player:
    """The policy's side of one running episode."""

    def __init__(self, scene: SceneSpec, report: RoundReport) -> None:
        self.scene = scene
        self.report = report
        self.buffer = PlanBuffer()

    def actions(self, prediction: Prediction, spec: EvaluationSpec) -> Vector:
        """The (execute, 7) actions until the next plan, late by ``spec.latency`` steps."""
        step, observation = self.report.steps, self.observation
        self.buffer.add(prediction, step, ready=step + spec.latency)
        return np.stack([self.buffer.play(step + k, observation).action for k in range(spec.execute)])

    @property
    def observation(self) -> Observation:
        assert self.report.observation is not None, "a running episode has an observation"
        return self.report.observation

    def result(self, outcome: Outcome, fault: str | None = None) -> EpisodeResult:
        """How this episode ended."""
        report = self.report
        return EpisodeResult(
            task=self.scene.task,
            seed=self.scene.seed,
            success=report.success,
            success_final=report.success and report.success_now,
            steps=report.steps,
            outcome=outcome,
            fault=fault,
        )


def _scenes(spec: EvaluationSpec, config: RolloutConfig, images: bool) -> Iterator[SceneSpec]:
    for index, seed in enumerate(spec.seeds()):
        recorded = config.videos is not None and index < config.video_count
        yield SceneSpec(
            task=spec.task,
            seed=seed,
            axis=spec.axis,
            severity=spec.severity,
            instruction=spec.instruction,
            horizon=TASKS[spec.task].horizon,
            linger=spec.linger,
            images=images,
            video=config.videos / f"{spec.policy}-{spec.task}-{seed}.mp4" if recorded and config.videos else None,
        )


def _fill(players: dict[int, _Player], scenes: Iterator[SceneSpec], simulators: Simulators) -> None:
    """Begin an episode in every free slot while scenes are left."""
    free = (slot for slot in range(simulators.slots) if slot not in players)
    begun = dict(zip(free, scenes, strict=False))
    for slot, report in simulators.begin(begun).items():
        players[slot] = _Player(begun[slot], report)


def _play_round(
    players: Mapping[int, _Player],
    policy: Policy | None,
    spec: EvaluationSpec,
    simulators: Simulators,
) -> dict[int, EpisodeResult]:
    """One plan and its steps for every running episode; returns those that ended."""
    ended = {
        slot: player.result("sim_fault", player.report.fault) for slot, player in players.items() if player.report.done
    }
    running = [slot for slot in players if slot not in ended]
    if policy is None:
        reports = simulators.play_expert(running)
    else:
        answers = _plan(policy, [players[slot] for slot in running])
        plans: dict[int, Vector] = {}
        for slot, answer in zip(running, answers, strict=True):
            if isinstance(answer, PolicyFault):
                ended[slot] = players[slot].result("policy_fault", str(answer))
            else:
                plans[slot] = players[slot].actions(answer, spec)
        reports = simulators.play(plans)
    for slot, report in reports.items():
        players[slot].report = report
        if report.done:
            ended[slot] = players[slot].result(_outcome(report), report.fault)
    return ended


def _outcome(report: RoundReport) -> Outcome:
    if report.fault is not None:
        return "sim_fault"
    return "success" if report.success else "timeout"


def _plan(policy: Policy, players: Sequence[_Player]) -> list[Prediction | PolicyFault]:
    """A checked plan or a fault for each episode; one bad observation fails only its own."""
    if not players:
        return []
    try:
        predictions = predict(
            policy,
            [player.observation for player in players],
            [noise_seed(player.scene.seed, player.report.steps) for player in players],
        )
    except PolicyFault as fault:
        if len(players) == 1:
            return [fault]
        return [answer for player in players for answer in _plan(policy, [player])]
    return [_checked(prediction) for prediction in predictions]


def _checked(prediction: Prediction) -> Prediction | PolicyFault:
    try:
        return check_prediction(prediction)
    except PolicyFault as fault:
        return fault


def noise_seed(episode_seed: int, step: int) -> int:
    """Seed of the policy's noise, 0 .. 2^32 - 1, fixed by scene and control step."""
    digest = hashlib.blake2b(f"{episode_seed}:{step}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")
