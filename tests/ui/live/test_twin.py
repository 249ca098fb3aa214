"""What the page is told about a twin."""

import numpy as np
import pytest

from wam_demo.runtime import Divergence, Outcome, TwinView
from wam_demo.types import Event
from wam_demo.ui.live.twin import twin_charts, twin_status, twin_tiles

DONE, LATE = Outcome("success", "after 4.0 s"), Outcome("timeout", "not done after 15 s")
SHOVE = Event(12, "shove", {"object": "cube", "offset": [0.02, 0]})


def view(outcomes=(None, None), events=(SHOVE,), gaps=()):
    frames = tuple(np.full((4, 4, 3), shade, np.uint8) for shade in (10, 200))
    return TwinView(12, 12 + len(gaps), events, {"cube": "red cube"}, frames, 3, outcomes, gaps)


def test_distances_are_in_centimetres_and_the_event_has_its_words():
    status = twin_status(view(gaps=(Divergence(12, 0.02, 0.0, 0.001), Divergence(13, 0.005, -1.0, 0.0304))))
    assert status["what"] == ["shove red cube"]
    assert (status["action_cm"], status["largest_cm"], status["tool_cm"]) == (0.5, 2.0, 3.04)
    assert twin_charts(view(gaps=(Divergence(12, 0.02, -1.0, 0.001),)))["gaps"] == [[12, 2.0, -1.0, 0.1]]


def test_before_the_first_step_there_is_no_difference():
    status = twin_status(view())
    assert (status["action_cm"], status["largest_cm"], status["tool_cm"]) == (None, 0.0, None)


@pytest.mark.parametrize(
    ("outcomes", "events", "says"),
    [
        ((None, None), (), "disturb the left one"),
        ((DONE, None), (SHOVE,), "same policy with the same noise"),
        ((DONE, DONE), (SHOVE,), "no difference to the outcome: done in both"),
        ((LATE, DONE), (SHOVE,), "Out of time with it, done without it."),
    ],
)
def test_the_verdict_names_both_outcomes(outcomes, events, says):
    assert says in twin_status(view(outcomes, events))["verdict"]


def test_each_side_has_its_picture():
    tiles = twin_tiles(view())
    assert {name: int(tile.draw()[0, 0, 0]) for name, tile in tiles.items()} == {"twin.with": 10, "twin.without": 200}
