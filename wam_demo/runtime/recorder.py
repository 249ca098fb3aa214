"""Records what a loop does as episodes of a LeRobot dataset, whatever the source and whoever acts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wam_demo.data.recording import EpisodeNotes, RecordingWriter
from wam_demo.data.schema import CAMERA_POSES, COMMANDED, flat_poses, image_key, recording_features
from wam_demo.errors import DataError
from wam_demo.limits import RECORDING_FREE_BYTES
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Observation, StepRecord

PERSON = "person"
"""Name of a person among the drivers of an episode."""


@dataclass(frozen=True)
class Verdict:
    """How a recorded episode ended.

    Attributes:
        success: Whether it succeeded.
        by: Who says so: ``judge``, ``person``, or empty.
        outcome: ``success``, ``failure``, ``timeout``, ``stopped``, ``sim_fault``.
    """

    success: bool = False
    by: str = ""
    outcome: str = "stopped"


@dataclass
class _Tally:
    """What the notes of the running episode need."""

    drivers: list[str] = field(default_factory=list)
    interventions: int = 0
    intervention_frames: int = 0
    weight: float = 0.0

    def add(self, policy: str, weight: float) -> None:
        if weight > 0:
            self.interventions += self.weight == 0
            self.intervention_frames += 1
        present = [name for name, moves in ((policy, weight < 1), (PERSON, weight > 0)) if name and moves]
        self.drivers += [name for name in present if name not in self.drivers]
        self.weight = weight


class Recorder(Subscriber):
    """Writes the control steps of an episode from `begin` to `end` or `discard`; used in one thread.

    Args:
        root: Folder of the dataset, new or begun before.
        first: An observation of the source, for the sizes of its cameras.
        robot_type: Free name of the embodiment.

    Raises:
        DataError: Nothing can be recorded into that folder, or the disk is nearly full.
    """

    def __init__(self, root: Path, first: Observation, robot_type: str = "panda_sim") -> None:
        self.root = root
        require_space(root)
        sizes = {name: image.shape[:2] for name, image in first.images.items()}
        if not sizes:
            raise DataError("this source has no camera: there is nothing to record")
        self._writer = RecordingWriter(root, recording_features(sizes), robot_type=robot_type)
        self._head: EpisodeNotes | None = None
        self._tally = _Tally()
        self.found = self._writer.found
        """What lay there."""

    @property
    def running(self) -> bool:
        """Whether an episode is being recorded."""
        return self._head is not None

    @property
    def frames(self) -> int:
        """Frames of the running episode."""
        return self._writer.frames

    @property
    def episodes(self) -> int:
        """Whole episodes of the dataset."""
        return self._writer.episodes

    def begin(self, task_name: str, seed: int, source: str, policy: str) -> None:
        """The control steps from here on are an episode; one that is running is dropped.

        Args:
            task_name: Task.
            seed: Of the source's reset.
            source: What people call the source.
            policy: Whose plans are made; empty without one.

        Raises:
            DataError: The disk is nearly full.
        """
        self.discard()
        require_space(self.root)
        self._head = EpisodeNotes(seed=seed, task_name=task_name, source=source, policy=policy)
        self._tally = _Tally()

    def on_step(self, record: StepRecord) -> None:
        """One frame."""
        if self._head is None:
            return
        self._tally.add(self._head.policy, record.person_weight)
        self._writer.add_frame(frame_of(record, self._head.task_name), record.observation.instruction)

    def end(self, verdict: Verdict) -> int | None:
        """Make the running episode a part of the dataset; returns its index, ``None`` if it has no frame."""
        head, self._head = self._head, None
        if head is None or not self._writer.frames:
            return None
        tally = self._tally
        return self._writer.end_episode(
            replace(
                head,
                success=verdict.success,
                success_by=verdict.by,
                outcome=verdict.outcome,
                drivers=",".join(tally.drivers),
                interventions=tally.interventions,
                intervention_frames=tally.intervention_frames,
                recorded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )

    def discard(self) -> None:
        """Forget the running episode."""
        self._head = None
        self._writer.discard_episode()

    def close(self) -> None:
        """Leave the dataset; a running episode is dropped. Idempotent."""
        self._head = None
        self._writer.close()


def frame_of(record: StepRecord, task_name: str) -> Mapping[str, Any]:
    """A control step as a frame of a recording."""
    events = [{"kind": event.kind, "parameters": dict(event.parameters)} for event in record.events]
    return {
        **{image_key(name): image for name, image in record.observation.images.items()},
        "observation.state": record.observation.state,
        CAMERA_POSES: flat_poses(record.observation),
        "action": record.action,
        COMMANDED: record.action if record.commanded is None else record.commanded,
        "intervention": record.person_weight > 0,
        "person_weight": record.person_weight,
        "next.success": record.success,
        "events": json.dumps(events) if events else "",
        "task_name": task_name,
    }


def free_bytes(root: Path) -> int:
    """What the disk of a folder still holds, the folder itself not having to be there yet."""
    there = next(path for path in (root, *root.resolve().parents) if path.exists())
    return shutil.disk_usage(there).free


def require_space(root: Path) -> None:
    """Refuse to begin where an episode may not fit; raises `DataError`."""
    free = free_bytes(root)
    if free < RECORDING_FREE_BYTES:
        raise DataError(f"the disk is nearly full: {free / 1e9:.1f} GB left, {RECORDING_FREE_BYTES / 1e9:.1f} needed")
