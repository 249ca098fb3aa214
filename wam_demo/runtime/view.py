"""What a session looks like now, put together for its watchers."""

from __future__ import annotations

from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import DriveView, Export, RecordingView, SessionView
from wam_demo.runtime.episodes import Episodes
from wam_demo.runtime.person import Person
from wam_demo.types import Image

SHOWN_DREAM_STEPS = 300
"""Control steps by which the time shown of a dream grows."""


def session_view(
    episodes: Episodes,
    state: str,
    frame: Image,
    frame_number: int,
    notice: tuple[str, bool],
    export: Export | None = None,
    person: Person | None = None,
    recording: RecordingView | None = None,
) -> SessionView:
    """The view of the present attempt and its twin.

    Args:
        episodes: With an attempt.
        state: Of the session.
        frame: (256, 256, 3) uint8 of ``front`` in the attempt.
        frame_number: Counts these pictures.
        notice: One line for the person and whether it tells of a problem.
        export: The newest thing that was asked for.
        person: Whose commands the arm may follow.
        recording: What is being recorded.
    """
    attempt, twin = episodes.attempt, episodes.twin
    assert attempt is not None, "there is nothing to look at"
    monitor, replay = attempt.monitor, attempt.replay
    scene = attempt if episodes.dream is None else episodes.dream.reality
    return SessionView(
        episode=episodes.number,
        state=state,
        step=attempt.step if twin is None else twin.step,
        horizon=attempt.horizon if episodes.dream is None else _long_enough(attempt.step),
        settings=episodes.settings,
        instruction=attempt.instruction,
        unscored=attempt.unscored,
        suggestions=scene.suggestions,
        names=scene.names,
        severities=dict(episodes.severities),
        frame=frame,
        frame_number=frame_number,
        observation=attempt.loop.observation,
        played=attempt.played,
        attended=attempt.attended,
        imagination=monitor.latest,
        imagination_fault=monitor.fault,
        prediction_errors=dict(monitor.newest),
        error_history={ahead: tuple(errors) for ahead, errors in monitor.history.items()},
        goal_distance=attempt.goal_distance,
        events=attempt.events,
        outcome=attempt.outcome if twin is None else None,
        successes=episodes.successes,
        episodes=episodes.ended,
        note=episodes.note,
        notice=notice[0],
        warning=notice[1],
        replay=None if replay is None else replay.log.policy,
        twin=None if twin is None else twin.view(attempt.names),
        export=export,
        drive=None if person is None else drive_view(attempt, person),
        recording=recording,
        dream=None if episodes.dream is None else episodes.dream.view(),
        camera=attempt.camera_pose(),
        real=episodes.is_real,
    )


def _long_enough(step: int) -> int:
    """Control steps that a page shows of a dream, which has no end of its own."""
    return SHOWN_DREAM_STEPS * (1 + step // SHOWN_DREAM_STEPS)


def drive_view(attempt: Attempt, person: Person) -> DriveView | None:
    """How a person drives in an attempt; ``None`` where nobody can."""
    if attempt.takeover is None:
        return None
    state = attempt.takeover.state
    words = attempt.resistance.words if state.person and state.held else ""
    return DriveView(state, person.age_s, person.rate_hz, person.received, words)
