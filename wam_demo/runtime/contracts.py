"""What goes into a session and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.source import Source, Suggestion
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.monitor import Imagination, Imagine, PredictionError
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.runtime.takeover import DriveState
from wam_demo.types import CameraPose, Event, Image, Observation, Prediction


@dataclass(frozen=True)
class Command:
    """Something a person asks of a session, already checked."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What a session starts with, and what its commands change.

    Attributes:
        task: Task name.
        policy: Policy name.
        seed: Seed of the first episode.
        autoplay: Start the next seed when an episode has ended.
        speed: Of the simulated time, 1 is real time.
        words: A visitor's instruction, which stays until it is taken back; ``None`` for the scenes' own.
        severities: Severity 1..5 by perturbation axis that is switched on at the first episode.
    """

    task: str
    policy: str
    seed: int = 0
    autoplay: bool = True
    speed: float = 1.0
    words: str | None = None
    severities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Planner:
    """How a session gets plans and imaginations.

    Attributes:
        submit: Asks for a plan; a policy in an engine returns at once.
        imagine: Asks what a plan leads to; ``None`` if the policy does not imagine.
        lockstep: Asks for a plan with a seed of the noise, to be awaited; the same observation and seed
            give the same plan. ``None``: `submit` does that.
        note: What a person should know about this policy on this task; empty if nothing.
    """

    submit: Callable[[Observation], Future[Prediction]]
    imagine: Imagine | None = None
    note: str = ""
    lockstep: Callable[[Observation, int], Future[Prediction]] | None = None


@dataclass(frozen=True)
class Backend:
    """What a session is built from; everything is called in the session's thread.

    Attributes:
        open_source: Makes the source of a task.
        open_planner: Gives the planner of a policy for a source.
        sample: Draws the events of a perturbation axis: axis, severity 0..5, seed.
        horizons: Control steps by task after which an attempt has failed.
        digest: SHA-256 of a policy's weights, ``None`` for one without weights.
        open_dream: Makes the dream of a policy from an observation; ``None`` where nobody dreams. Raises
            `InvalidInputError` for a policy that cannot.
        has_policy: Whether there is a policy of this name here.
        recordings: Folder for what visitors record; ``None`` where nothing is kept.
    """

    open_source: Callable[[str], Source]
    open_planner: Callable[[str, Source], Planner]
    sample: Callable[[str, int, int], Sequence[Event]]
    horizons: Mapping[str, int]
    digest: Callable[[str], str | None] = lambda policy: None
    has_policy: Callable[[str], bool] = lambda policy: True
    recordings: Path | None = None
    open_dream: Callable[[str, Observation], Source] | None = None


@dataclass(frozen=True)
class Outcome:
    """How an episode ended, and one line about it.

    Attributes:
        name: ``success``, ``timeout``, ``unscored``, ``sim_fault`` or ``replayed``.
        detail: For people.
    """

    name: str
    detail: str


DreamActions = Literal["same", "own"]
"""What a dream beside reality does: the same as reality, or what its policy plans from what it imagines."""


@dataclass(frozen=True)
class Divergence:
    """How far the two branches of a twin are apart at one control step.

    Attributes:
        step: Control step.
        action: Distance between the translations that are commanded [m].
        gripper: Difference of the commanded openings, with minus without, -1 .. 1.
        tool: Distance between the tool centre points [m].
        picture: Mean absolute difference of what the cameras show, 0..1; ``None`` where both are looked at for real.
        expected: How large a dream expects it to be; ``None`` where it cannot tell.
    """

    step: int
    action: float
    gripper: float
    tool: float
    picture: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class TwinView:
    """What a twin looks like now.

    Attributes:
        forked: Control step at which the two branches part.
        step: Control step that both have reached.
        events: What happened to the one and not to the other.
        names: What people call the bodies.
        frames: (256, 256, 3) uint8 of ``front``: with the disturbance, without it; reality, dream.
        frame_number: Counts pairs of pictures.
        outcomes: How each ended, if it has.
        divergences: One for every step that both have done.
        dream: What the second branch does, where it is a dream.
    """

    forked: int
    step: int
    events: Sequence[Event]
    names: Mapping[str, str]
    frames: tuple[Image, Image]
    frame_number: int
    outcomes: tuple[Outcome | None, Outcome | None]
    divergences: Sequence[Divergence]
    dream: DreamActions | None = None


@dataclass(frozen=True)
class DreamView:
    """Where a dream stands.

    Attributes:
        left: Control step at which reality was left.
        steps: Control steps that were dreamt.
        expected_error: Mean absolute difference 0..1 to real pictures that the dream expects; ``None`` where it cannot
            tell.
    """

    left: int
    steps: int
    expected_error: float | None = None


@dataclass(frozen=True)
class DriveView:
    """How a person and the arm get on.

    Attributes:
        state: Who drives.
        age_s: Since the newest command came [s]; ``None`` before the first.
        rate_hz: Commands in the last second.
        received: Number of the newest command.
        resistance: What holds the arm back, in words; empty when nothing does.
    """

    state: DriveState
    age_s: float | None
    rate_hz: float
    received: int
    resistance: str


@dataclass(frozen=True)
class RecordingView:
    """What a person sees of a recording.

    Attributes:
        name: Of the dataset.
        state: ``counting`` (down to the first frame), ``recording``, or ``verdict`` (somebody has to say how it went).
        starts_in_s: Left of the count-down [s].
        frames: Of the running episode.
        episodes: Whole ones.
        auto: The source's own judge decides.
        free_gb: What the disk still holds [GB].
    """

    name: str
    state: str
    starts_in_s: float
    frames: int
    episodes: int
    auto: bool
    free_gb: float


@dataclass(frozen=True)
class Export:
    """Something that a person asked the session for, to be given to the page once.

    Attributes:
        number: Counts the exports of this session.
        kind: ``log``, ``link`` or ``paired``.
        content: JSON-ready.
    """

    number: int
    kind: str
    content: Any


@dataclass(frozen=True)
class SessionView:
    """What a session looks like now; the newest one replaces all before.

    Attributes:
        episode: Counts resets, from 1; in a dream negative, counting dreams.
        state: ``running``, ``paused``, ``finished`` or ``fault``.
        step: Control steps done.
        horizon: Control steps after which the episode has failed.
        settings: As chosen.
        instruction: As the policy sees it.
        unscored: Why what it asks for cannot be judged; empty when it can.
        suggestions: What can be asked for in this scene.
        names: What people call the bodies, by name in the simulator.
        severities: Severity 1..5 by perturbation axis that is switched on.
        frame: (256, 256, 3) uint8 of ``front``, up to 20 a second.
        frame_number: Counts these pictures.
        observation: The newest one, at 10 Hz.
        played: What the arm does at this step.
        attended: Pictures by camera at the step that ``played.prediction`` answers.
        imagination: The newest one of this episode.
        imagination_fault: Why the last one asked for did not come, if it did not.
        prediction_errors: By steps ahead, the newest comparison of imagined and actual.
        error_history: By steps ahead, (control step, error) of every comparison of this episode.
        goal_distance: How far the task is from done [m]; ``None`` when it is not known.
        events: Every disturbance and command of this episode.
        outcome: How the episode ended, if it has.
        successes: Successful episodes of this session.
        episodes: Ended episodes of this session.
        note: What a person should know about this policy on this task.
        notice: One line for the person; empty when there is nothing to say.
        warning: Whether the line tells of a problem.
        replay: Policy of the log that is being played; ``None`` if none is.
        twin: The two branches, while there is a twin.
        export: The newest thing that was asked for.
        drive: How a person drives; ``None`` where nobody can.
        recording: What is being recorded, if anything is.
        dream: Where the dream stands, while there is one: what is seen is imagined then.
        camera: Where ``front`` stands now; ``None`` where nobody calibrated it.
        real: Time runs by itself, as on an arm: a person starts each motion.
    """

    episode: int
    state: str
    step: int
    horizon: int
    settings: Settings
    instruction: str
    unscored: str
    suggestions: Sequence[Suggestion]
    names: Mapping[str, str]
    severities: Mapping[str, int]
    frame: Image
    frame_number: int
    observation: Observation
    played: PlayedStep | None
    attended: Mapping[str, Image]
    imagination: Imagination | None
    imagination_fault: str | None
    prediction_errors: Mapping[int, PredictionError]
    error_history: Mapping[int, Sequence[tuple[int, float]]]
    goal_distance: float | None
    events: Sequence[Event]
    outcome: Outcome | None
    successes: int
    episodes: int
    note: str
    notice: str
    warning: bool
    replay: str | None = None
    twin: TwinView | None = None
    export: Export | None = None
    drive: DriveView | None = None
    recording: RecordingView | None = None
    dream: DreamView | None = None
    camera: CameraPose | None = None
    real: bool = False


class Watcher(Subscriber):
    """A subscriber that also wants the pictures between control steps."""

    def on_view(self, view: SessionView) -> None:
        """Called up to 20 times a second, in the session's thread."""

    def on_end(self, log: AttemptLog) -> None:
        """An attempt has ended that was no replay; its last view follows."""
