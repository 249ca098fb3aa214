"""The data contracts that every part shares: observations, chunks, predictions, events, episodes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

CONTROL_HZ = 10
"""Control rate [Hz]; one control step is 0.1 s."""
CHUNK_STEPS = 16
"""Control steps that one action chunk plans (1.6 s)."""
FUTURE_STEPS = (4, 8, 12, 16)
"""Control steps after the observation at which an imagined frame lies."""
IMAGE_SIZE = 128
"""Height and width [px] of the images that a learned policy sees."""
POLICY_CAMERAS = ("front", "wrist")
"""Cameras that a learned policy sees; ``side`` is for people and calibration."""
STATE_DIM = 17
"""TCP position 3, rotation 6-D 6, gripper opening 1, joint angles 7."""
OPENING_INDEX = 9
"""Index of the gripper opening in `Observation.state`."""
ACTION_DIM = 7
"""TCP translation 3, rotation vector 3, gripper opening 1."""

Image = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""
Vector = NDArray[np.float32]


CalibrationState = Literal["stale", "followed"]
"""What is known of a camera that was moved: where it used to be, or where it is."""


@dataclass(frozen=True)
class CameraPose:
    """Where a calibrated camera stands and how wide it sees (pinhole, square pixels, centred).

    Attributes:
        position: (3,) float32 in the base frame [m].
        rotation: (3, 3) float32; columns are the camera's right, up and backward axes in the base frame.
        half: Tangent of half the vertical field of view.
    """

    position: Vector
    rotation: Vector
    half: float


@dataclass(frozen=True)
class Observation:
    """What a policy may see at one control step; nothing else reaches a learned policy.

    Attributes:
        images: (H, W, 3) uint8 RGB by camera name (``front``, ``wrist``, ``side``).
        state: (17,) float32: TCP position [m] 3, TCP rotation as the first two columns of its
            matrix 6, gripper opening 0 (closed) .. 1 (open), joint angles [rad] 7.
        instruction: Free text.
        time: Seconds since the episode began.
        cameras: Calibration by camera name; ``None`` when nobody calibrated.
    """

    images: Mapping[str, Image]
    state: Vector
    instruction: str
    time: float
    cameras: Mapping[str, CameraPose] | None = None


@dataclass(frozen=True)
class ActionChunk:
    """The plan for the next 1.6 s.

    Attributes:
        actions: (16, 7) float32 at 10 Hz: per-step TCP translation [m] and rotation vector [rad]
            in the base frame, then gripper opening 0 (closed) .. 1 (open).
    """

    actions: Vector


@dataclass(frozen=True)
class Frames:
    """A panel of pictures.

    Attributes:
        images: (K, H, W, 3) uint8 by camera.
        steps: Control steps after the observation that each of the K pictures belongs to.
    """

    images: Mapping[str, Image]
    steps: Sequence[int] = (0,)


@dataclass(frozen=True)
class Heatmap:
    """A panel of values over the pictures that the policy saw.

    Attributes:
        grids: (gh, gw) float32 by camera, not negative.
    """

    grids: Mapping[str, Vector]


@dataclass(frozen=True)
class Chunks:
    """A panel of action chunks, shown beside the one that is executed.

    Attributes:
        chunks: By name.
    """

    chunks: Mapping[str, ActionChunk]


@dataclass(frozen=True)
class Band:
    """A panel of one value over time.

    Attributes:
        value: 0 .. 1.
        low: What 0 means, in a word or two.
        high: What 1 means.
    """

    value: float
    low: str
    high: str


@dataclass(frozen=True)
class Scalars:
    """A panel of numbers.

    Attributes:
        values: By name, with the unit in the name's brackets, e.g. ``spread [m]``.
    """

    values: Mapping[str, float]


Panel = Frames | Heatmap | Chunks | Band | Scalars
"""What a policy shows beside its plan. Whoever shows, sends or keeps predictions goes by these types and
by nothing that only one family has."""


@dataclass(frozen=True)
class Prediction:
    """What a policy answers to one observation.

    Attributes:
        chunk: The plan.
        attention: (gh, gw) float32 by camera: softmax mass per image cell of what makes the action. Over
            all cameras and ``attention_mass`` it sums to 1.
        attention_mass: Attention mass on what is no picture: ``proprio`` and ``text`` for an action head, for a
            model that draws its action the ``action`` itself.
        panels: What else the policy shows, by title.
        timing_ms: Milliseconds by stage; ``policy_call`` is observation to chunk and attention.
    """

    chunk: ActionChunk
    attention: Mapping[str, Vector] = field(default_factory=dict)
    attention_mass: Mapping[str, float] = field(default_factory=dict)
    panels: Mapping[str, Panel] = field(default_factory=dict)
    timing_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """A disturbance or command; a scene, a seed and its events replay an episode exactly.

    Attributes:
        step: Control step before which it is applied.
        kind: Name of the perturbation axis or command.
        parameters: JSON-serialisable values that were applied (not the ones asked for).
    """

    step: int
    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Episode:
    """One finished episode.

    Attributes:
        task: Task name.
        seed: Seed of the reset.
        observations: One per control step, then the last one.
        actions: (T, 7) float32, as applied.
        events: Every disturbance and command.
        success: The success predicate held for 0.5 s at some time.
        success_final: It held at the end.
        outcome: ``success``, ``timeout``, ``sim_fault`` or ``policy_fault``.
    """

    task: str
    seed: int
    observations: Sequence[Observation]
    actions: Vector
    events: Sequence[Event]
    success: bool
    success_final: bool
    outcome: str


@dataclass(frozen=True)
class StepRecord:
    """What subscribers of a session receive after each control step.

    Attributes:
        step: Control step, from 0.
        observation: Before the action.
        action: (7,) float32 as applied.
        prediction: The prediction whose chunk the action came from, if any.
        prediction_step: Control step of the observation that the prediction answers.
        events: Events applied before this step.
        success: Whether the success predicate has held for 0.5 s.
        fault: One line if the policy or simulator failed at this step, else ``None``.
        commanded: (7,) float32 as the agent wanted it; ``None`` where only the action is known.
        index: Position of the action in the plan, 0 .. 15; ``None`` while holding without one.
        goal_distance: How far the task is from done after the action [m]; ``None`` when it is not known.
        person_weight: Share of a person in ``commanded``, 0..1; prediction and index are the policy's all the same.
    """

    step: int
    observation: Observation
    action: Vector
    prediction: Prediction | None
    prediction_step: int | None
    events: Sequence[Event]
    success: bool
    fault: str | None = None
    commanded: Vector | None = None
    index: int | None = None
    goal_distance: float | None = None
    person_weight: float = 0.0


class Policy(Protocol):
    """Maps observations to plans, batched over sessions; keeps no state between calls but caches."""

    def reset(self, instruction: str) -> None:
        """Prepare for an episode with this instruction (e.g. encode the text)."""
        return

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation.

        Args:
            observations: One batch.
            seeds: Noise seed of each: the same observation and seed give the same plan.

        Raises:
            PolicyFault: An answer would not be usable.
        """

    def close(self) -> None:
        """Free what it holds. Idempotent."""
        return


class Imaginer(Policy, Protocol):
    """A policy that can also show what it imagines."""

    def imagine_stages(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> Iterator[list[list[Mapping[str, Image]]] | None]:
        """Sample futures, yielding ``None`` wherever a plan may be made in between, and what was sampled at last.

        Args:
            observations: Where from.
            samples: Futures of each.
            seed: Of the noise.
            chunks: What will be done, one per observation; the policy's own plan by default.

        Yields:
            For each observation, ``samples`` times (4, H, W, 3) uint8 by camera at +4, +8, +12, +16 steps.
        """

    def imagine(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> list[list[Mapping[str, Image]]]:
        """Every stage of `imagine_stages` at once."""
        *_, futures = self.imagine_stages(observations, samples=samples, seed=seed, chunks=chunks)
        assert futures is not None, "the last stage is the result"
        return futures
