"""What a session looks like now, put together for its watchers."""

from __future__ import annotations

from wam_demo.runtime.contracts import Handout, View
from wam_demo.runtime.episodes import Episodes
from wam_demo.types import Image


def look(
    episodes: Episodes,
    state: str,
    frame: Image,
    frame_number: int,
    notice: tuple[str, bool],
    handout: Handout | None = None,
) -> View:
    """The view of the present attempt and its twin.

    Args:
        episodes: With an attempt.
        state: Of the session.
        frame: (256, 256, 3) uint8 of ``front`` in the attempt.
        frame_number: Counts these pictures.
        notice: One line for the person and whether it tells of a problem.
        handout: The newest thing that was asked for.
    """
    attempt, twin = episodes.attempt, episodes.twin
    assert attempt is not None, "there is nothing to look at"
    foresight, tape = attempt.foresight, attempt.tape
    return View(
        episode=episodes.begun,
        state=state,
        step=attempt.step if twin is None else twin.step,
        horizon=attempt.horizon,
        settings=episodes.settings,
        instruction=attempt.world.instruction,
        names=attempt.names,
        severities=dict(episodes.severities),
        frame=frame,
        frame_number=frame_number,
        observation=attempt.observation,
        played=attempt.played,
        attended=attempt.attended,
        imagination=foresight.latest,
        imagination_fault=foresight.fault,
        surprises=dict(foresight.surprises),
        errors={ahead: tuple(found) for ahead, found in foresight.errors.items()},
        events=attempt.world.events,
        outcome=attempt.outcome if twin is None else None,
        successes=episodes.successes,
        episodes=episodes.ended,
        note=episodes.note,
        notice=notice[0],
        warning=notice[1],
        replay=None if tape is None else tape.log.policy,
        twin=None if twin is None else twin.view(attempt.names),
        handout=handout,
    )
