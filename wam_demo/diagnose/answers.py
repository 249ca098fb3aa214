"""What a policy answered along a clip, kept so that any step can be looked at: plans, attention, futures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wam_demo.diagnose.openloop import AnsweredStep, Imagine, OpenLoopScores, Plan, displacement_error, judge, score
from wam_demo.diagnose.retouch import Retouch
from wam_demo.policies.panels import decode_panels, encode_panels
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import RecordedStep
from wam_demo.types import CHUNK_STEPS, FUTURE_STEPS, ActionChunk, Frames, Image, Panel, Prediction


class Answers:
    """A policy's answers to one clip under one disturbance; small ones in memory, pictures on disk.

    Args:
        clip: What is answered.
        retouch: How its pictures are disturbed.
        plan: Answers observations.
        imagine: Samples futures; ``None`` without imagination.
        folder: For imagined pictures.
    """

    def __init__(self, clip: Clip, retouch: Retouch, plan: Plan, imagine: Imagine | None, folder: Path) -> None:
        self.clip, self.retouch = clip, retouch
        self._plan, self._imagine, self._folder = plan, imagine, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._cameras: tuple[str, ...] = ()
        self._predictions: dict[int, Prediction] = {}
        self.plan_error = np.full(clip.total, np.nan)
        """(total,) distance [m] between planned and recorded TCP at the end of the plan; NaN where unknown."""
        self.scores: OpenLoopScores | None = None
        """There when every step has been answered."""

    @property
    def imagines(self) -> bool:
        """Whether the policy imagines."""
        return self._imagine is not None

    def moment(self, step: int) -> RecordedStep:
        """The step as the policy sees it, disturbed."""
        moment = self.clip.moment(step)
        if not self.retouch.changes:
            return moment
        observation = self.retouch.observation(moment.observation, step)
        return RecordedStep(
            step, observation, self.retouch.apply(moment.pictures, step), moment.action, moment.recorded
        )

    def prediction(self, step: int) -> Prediction:
        """The policy's answer at a step; asked for when it is not there yet."""
        if step not in self._predictions:
            self._keep(AnsweredStep(self.moment(step), self._plan([self.moment(step).observation])[0]))
        return self._with_pictures(step, self._predictions[step])

    def answered(self) -> dict[int, Prediction]:
        """The answers that are there already, by step, without their pictures."""
        return dict(sorted(dict(self._predictions).items()))

    def future(self, step: int) -> Mapping[str, Image] | None:
        """(4, H, W, 3) imagined at a step by camera; asked for when it is not there yet."""
        if self._imagine is None:
            return None
        path = self._folder / f"{step:05d}.png"
        if not path.exists():
            self._save(step, self._imagine([self.moment(step).observation])[0])
        return self._load(path)

    def run(self, every: int, on_step: Callable[[], None]) -> None:
        """Answer every step and score them.

        Args:
            every: Control steps between two imaginations.
            on_step: Called after each step; may raise to stop.
        """
        moments = (self.moment(step) for step in range(self.clip.steps))

        def answered() -> Iterator[AnsweredStep]:
            for entry in judge(moments, self._plan, self._imagine, every):
                self._keep(entry)
                yield entry

        self.scores = score(answered(), self.clip.actions, on_step)

    def _keep(self, entry: AnsweredStep) -> None:
        step = entry.moment.step
        self._put_away(step, entry.prediction)
        recorded = self.clip.actions[step : step + CHUNK_STEPS]
        apart = displacement_error(np.asarray(entry.prediction.chunk.actions), recorded)
        finite = apart[np.isfinite(apart)]
        self.plan_error[step] = finite[-1] if len(finite) else np.nan
        if entry.future is not None:
            self._save(step, entry.future)

    def _put_away(self, step: int, prediction: Prediction) -> None:
        """Numbers stay in memory; the pictures of panels go to the disk, as they would fill it."""
        frames = {title: panel for title, panel in prediction.panels.items() if isinstance(panel, Frames)}
        if frames:
            self._panels_file(step).write_text(json.dumps(encode_panels(frames)))
        others = {title: panel for title, panel in prediction.panels.items() if title not in frames}
        self._predictions[step] = _slim(prediction, others)

    def _with_pictures(self, step: int, prediction: Prediction) -> Prediction:
        file = self._panels_file(step)
        if not file.exists():
            return prediction
        return replace(prediction, panels={**decode_panels(json.loads(file.read_text())), **prediction.panels})

    def _panels_file(self, step: int) -> Path:
        return self._folder / f"{step:05d}.json"

    def _save(self, step: int, future: Mapping[str, Image]) -> None:
        """One PNG: a row per camera, a column per moment."""
        rows = [np.concatenate(list(frames), axis=1) for frames in future.values()]
        sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
        partial = self._folder / f".{step:05d}.png"
        cv2.imwrite(str(partial), sheet)
        partial.replace(self._folder / f"{step:05d}.png")
        self._cameras = tuple(future)

    def _load(self, path: Path) -> dict[str, Image]:
        sheet: Any = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        rows = np.split(sheet, len(self._cameras))
        return {
            c: np.stack(np.split(row, len(FUTURE_STEPS), axis=1)) for c, row in zip(self._cameras, rows, strict=True)
        }


def _slim(prediction: Prediction, panels: Mapping[str, Panel]) -> Prediction:
    """The parts that are looked at later."""
    return Prediction(
        ActionChunk(np.array(prediction.chunk.actions, np.float32)),
        attention={camera: np.array(grid, np.float32) for camera, grid in prediction.attention.items()},
        attention_mass=dict(prediction.attention_mass),
        panels=panels,
        timing_ms=dict(prediction.timing_ms),
    )


def change(disturbed: Prediction, clean: Prediction) -> dict[str, Any]:
    """What a disturbance changed in an answer.

    Returns:
        ``plan_m``: distance [m] of the planned TCP after 16 steps; ``gripper``: largest change of the
        planned opening; ``attention``: total variation 0..1 of where it looks.
    """
    first, second = np.asarray(disturbed.chunk.actions), np.asarray(clean.chunk.actions)
    moved = np.linalg.norm((first[:, :3] - second[:, :3]).sum(0))
    shared = [c for c in disturbed.attention if c in clean.attention]
    looked = sum(float(np.abs(disturbed.attention[c] - clean.attention[c]).sum()) for c in shared)
    looked += sum(abs(m - clean.attention_mass.get(n, 0.0)) for n, m in disturbed.attention_mass.items())
    return {
        "plan_m": float(moved),
        "gripper": float(np.abs(first[:, 6] - second[:, 6]).max()),
        "attention": looked / 2 if shared else None,
    }
