"""Parallel demonstrations: a scripted expert's episodes, written as one LeRobot dataset."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_demo.data.edit import merge
from wam_demo.data.lerobot import Dataset
from wam_demo.data.plan import CollectionPlan, task_weights
from wam_demo.data.schema import (
    ATTEMPT_FEATURES,
    CAMERA_POSES,
    DEMONSTRATION_FEATURES,
    FULFILLED,
    INFO_PATH,
    OTHER_FULFILLED,
    OTHER_INSTRUCTION,
    flat_poses,
    image_key,
)
from wam_demo.data.supervise import Failed, supervise
from wam_demo.data.writer import LeRobotWriter
from wam_demo.errors import InvalidInputError, SimulationFault
from wam_demo.processes import Handler, Report
from wam_demo.sim.regions import Region, labels_in_training
from wam_demo.types import CONTROL_HZ, POLICY_CAMERAS

if TYPE_CHECKING:
    from wam_demo.sim.attempts import AttemptFrame
    from wam_demo.sim.demonstrate import DemoFrame

Demonstrator = Callable[..., "Iterator[DemoFrame] | Iterator[AttemptFrame]"]
"""``demonstrator(seed, noise=..., every=...)``: the frames of one episode of its task."""
OpenTask = Callable[[str], Demonstrator]
"""Opens a task in the process that will demonstrate it."""

_FEATURES = {"attempts": ATTEMPT_FEATURES, "glances": ATTEMPT_FEATURES}
"""Columns by scenery, where they are not those of a demonstration."""
_SHARDS, _MERGED = ".shards", ".merged"


@dataclass(frozen=True)
class CollectReport:
    """What was collected; ``seconds`` is this call's wall time, resumed parts not counted."""

    episodes: int
    successes: int
    frames: int
    seconds: float


def collect(
    tasks: Mapping[str, float] | Sequence[str],
    episodes: int,
    out: Path,
    *,
    seed: int = 0,
    processes: int = 2,
    every: int = 1,
    noise: float = 1.0,
    scenery: str = "plain",
    region: Region = "whole",
    steps: int = 0,
    open_task: OpenTask | None = None,
) -> CollectReport:
    """Demonstrate tasks in parallel processes and write the episodes to ``out``.

    Shards of some fifty episodes are written one by one, so the same call resumes after a kill;
    a process that crashes or hangs is replaced and its shard redone. Episodes that failed are
    kept and marked (``next.success``, and ``success`` in ``meta/episodes``).

    Args:
        tasks: Task names, or their weights.
        episodes: Episodes of all tasks together.
        out: Folder of the dataset.
        seed: Another seed gives other episodes; none are an evaluation's (`plan.FIRST_SEED`).
        processes: Simulators at a time.
        every: Control steps from one stored frame to the next.
        noise: Scale of the noise on the expert's actions.
        scenery: What varies besides the task; see `CollectionPlan`.
        region: Where targets stand. In the training region no frame leaves it either: an episode that does is left out.
        steps: See `CollectionPlan`.
        open_task: Where demonstrations come from; the simulator when ``None``.

    Raises:
        InvalidInputError: A task or number is not usable.
        DataError: ``out`` holds something else, or a shard failed repeatedly.
    """
    began = time.monotonic()
    if processes < 1:
        raise InvalidInputError(f"processes is {processes}, not at least 1")
    plan = CollectionPlan(
        task_weights(tasks), episodes, seed=seed, every=every, noise=noise, scenery=scenery, region=region, steps=steps
    )
    shards, finished = out / _SHARDS, (out / INFO_PATH).exists()
    plan.claim(out, begun=finished or any(shards.glob("episodes-*[0-9]")))
    if not finished:
        work = partial(_ShardWork, plan, shards, open_task or _OPEN.get(scenery, _simulated))
        _write_shards(plan, shards, work, processes)
        _publish(shards, out)
    for leftover in (_SHARDS, _MERGED):
        shutil.rmtree(out / leftover, ignore_errors=True)
    return _report(out, time.monotonic() - began)


def _write_shards(plan: CollectionPlan, folder: Path, work: Callable[[], Handler], processes: int) -> None:
    """Write the shards that are missing, with a progress bar on a terminal."""
    from tqdm import tqdm

    folder.mkdir(exist_ok=True)
    for partial_shard in folder.glob("*.part"):
        shutil.rmtree(partial_shard)
    shards = plan.shards()
    missing = [shard for shard in shards if not _shard_path(folder, shard).exists()]
    written = dict.fromkeys(range(len(missing)), 0)
    done = plan.episodes - sum(map(len, missing))
    with tqdm(total=plan.episodes, initial=done, unit="episode", disable=None) as bar:
        for event in supervise(work, missing, processes):
            if isinstance(event, Failed):
                bar.write(f"a worker failed and its shard is redone: {event.reason}")
                bar.update(-written[event.job])
                written[event.job] = 0
            else:
                written[event.job] += 1
                bar.update()


class _ShardWork:
    """Writes shards in a worker; keeps the simulator of each task open."""

    def __init__(self, plan: CollectionPlan, folder: Path, open_task: OpenTask) -> None:
        import cv2

        cv2.setNumThreads(1)  # the processes are the parallelism
        self._plan, self._folder, self._open_task = plan, folder, open_task
        self._demonstrators: dict[str, Demonstrator] = {}

    def __call__(self, shard: range, report: Report) -> None:
        final = _shard_path(self._folder, shard)
        part = final.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        features = _FEATURES.get(self._plan.scenery, DEMONSTRATION_FEATURES)
        with LeRobotWriter(part, fps=CONTROL_HZ / self._plan.every, features=features) as writer:
            for number in shard:
                self._write_episode(writer, number)
                report(number)
        os.replace(part, final)

    def _write_episode(self, writer: LeRobotWriter, number: int) -> None:
        task, seed = self._plan.episode(number)
        if task not in self._demonstrators:
            self._demonstrators[task] = self._open_task(task)
        plan, success = self._plan, False
        options: dict[str, Any] = {"noise": plan.noise, "every": plan.every}
        if plan.scenery in ("rooms", "wide", "far", "degraded"):
            options["scenery"] = plan.scenery
        if plan.region != "whole":
            options["region"] = plan.region
        if plan.steps:
            options["steps"] = plan.steps
        inside = True
        try:
            for frame in self._demonstrators[task](seed, **options):
                inside = inside and (plan.region != "training" or _stays(frame))
                writer.add_frame(_columns(frame, task, plan.scenery), frame.observation.instruction)
                success = success or bool(frame.success)
        except SimulationFault:
            inside = False  # a diverged simulation teaches nothing
        if not inside:
            writer.discard_episode()
            return
        writer.end_episode(seed=seed, task_name=task, success=success)


def _stays(frame: Any) -> bool:
    """Whether neither a `DemoFrame` nor its label leaves the training region."""
    state, chunk = frame.observation.state[None], frame.expert_chunk[None]
    return bool(labels_in_training(state, chunk, np.zeros(1, np.int64)).all())


def _columns(frame: Any, task: str, scenery: str) -> dict[str, Any]:
    """The columns of a `DemoFrame`, or with ``attempts`` and ``glances`` of an `AttemptFrame`."""
    observation = frame.observation
    columns = {
        **{image_key(camera): observation.images[camera] for camera in POLICY_CAMERAS},
        "observation.state": observation.state,
        "action": frame.action,
        "next.success": frame.success,
        "task_name": task,
    }
    if scenery in ("attempts", "glances"):
        judged = {OTHER_INSTRUCTION: frame.other_instruction, OTHER_FULFILLED: frame.other_fulfilled}
        return {**columns, FULFILLED: frame.fulfilled, **judged}
    told = replace(observation, cameras=None) if scenery == "rooms" else observation  # as a stranger's recordings are
    return {**columns, CAMERA_POSES: flat_poses(told), "expert_chunk": frame.expert_chunk}


def _simulated(task: str) -> Demonstrator:
    from wam_demo.sim.demonstrate import demonstrate
    from wam_demo.sim.world import World

    return partial(demonstrate, World(task))


def _attempted(task: str) -> Demonstrator:
    from wam_demo.sim.attempts import attempt
    from wam_demo.sim.world import World

    return partial(attempt, World(task))


def _glancing(task: str) -> Demonstrator:
    return partial(_attempted(task), glances=True)


_OPEN: Mapping[str, OpenTask] = {"attempts": _attempted, "glances": _glancing}
"""Where episodes come from by scenery, where they are not demonstrations."""


def _shard_path(folder: Path, shard: range) -> Path:
    return folder / f"episodes-{shard.start:06d}-{shard.stop:06d}"


def _publish(shards: Path, out: Path) -> None:
    """Join the shards; ``meta`` moves last, so a kill in between leaves nothing half-readable."""
    merged = out / _MERGED
    shutil.rmtree(merged, ignore_errors=True)
    merge(sorted(shards.iterdir()), merged)
    for folder in ("data", "meta"):
        shutil.rmtree(out / folder, ignore_errors=True)
        os.replace(merged / folder, out / folder)


def _report(out: Path, seconds: float) -> CollectReport:
    dataset = Dataset(out)
    successes = sum(dataset.episodes(["success"])["success"].to_pylist())
    return CollectReport(dataset.num_episodes, successes, dataset.num_frames, round(seconds, 3))
