"""What-if on the server's side: frames of the plan that was pointed out, of this episode only, errors in one line."""

import asyncio
from dataclasses import replace

import pytest

from tests.fakes.brain import catalogue
from tests.fakes.page import until
from wam_demo.errors import InvalidInputError
from wam_demo.ui.app import open_hub
from wam_demo.ui.live.commands import parse_way
from wam_demo.ui.live.counterfactual import counterfactual_status, counterfactual_tiles
from wam_demo.ui.live.tab import receive_whatif


@pytest.fixture
def hub():
    opened = open_hub(catalogue())
    yield opened
    opened.close()


def test_a_place_becomes_frames_and_a_path(hub):
    packet = asyncio.run(until(hub, receive_whatif, {"way": [[0.8, 0.6]]}, lambda p: p["status"]["whatif"]))
    names = {f"whatif.{ahead}.{camera}" for ahead in (4, 8, 12, 16) for camera in ("front", "wrist")}
    assert names <= set(packet["tiles"])
    found = packet["status"]["whatif"]
    assert found["at"] == [0.8, 0.6]
    assert len(found["path"]) == 17
    assert found["path"][-1][1] > 0.1  # to the right, where it was pointed at


def test_a_line_becomes_frames_along_it(hub):
    way = [[0.7, 0.6], [0.8, 0.5], [0.5, 0.5]]
    packet = asyncio.run(until(hub, receive_whatif, {"way": way}, lambda p: p["status"]["whatif"]))
    assert "whatif.16.front" in packet["tiles"]
    found = packet["status"]["whatif"]
    assert found["at"] == way[-1]
    sideways = [row[1] for row in found["path"]]
    assert max(sideways) > sideways[-1] + 0.1  # there and back
    assert len(found["way"]) == 17


def test_nothing_of_another_episode_is_shown(hub):
    asyncio.run(until(hub, receive_whatif, {"way": [[0.5, 0.6]]}, lambda p: p["status"]["whatif"]))
    screen = hub.visit("a").screen
    view, answer = screen.newest[0], screen.counterfactuals.answer
    assert len(counterfactual_tiles(answer, view)) == 8
    other = replace(view, episode=view.episode + 1)
    assert counterfactual_status(answer, other) is None
    assert counterfactual_tiles(answer, other) == {}


def test_no_table_there_is_one_line(hub):
    packet = asyncio.run(until(hub, receive_whatif, {"way": [[0.5, 0.1]]}, lambda p: p["status"]["notice"]["warn"]))
    assert "no table there" in packet["status"]["notice"]["text"]


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"way": "here"},
        {"way": []},
        {"way": [[0.5, 0.5]] * 65},
        {"way": [[0.5]]},
        {"way": [[0.5, 2]]},
        {"way": [[0.5, 0.5], [0.5, None]]},
    ],
)
def test_bad_ways_are_refused(payload):
    with pytest.raises(InvalidInputError):
        parse_way(payload)


def test_a_way_is_a_list_of_points():
    assert parse_way({"way": [[0.5, 0.25], [0, 1]]}) == [(0.5, 0.25), (0.0, 1.0)]
