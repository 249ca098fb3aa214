"""The scene of the day is one that everybody solves."""

import json
import lzma
from datetime import date, timedelta

from wam_demo.ui.challenge.scene import Scenes, known_scenes


def journal(path, episodes) -> None:
    header = {"grid": {"tasks": ["reach"]}, "weights": {"a": "1", "b": "2"}}
    rows = [dict(zip(("policy", "axis", "seed", "success"), episode, strict=True)) for episode in episodes]
    with lzma.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in [header, *rows])


def test_a_scene_counts_when_every_policy_solves_it_undisturbed(tmp_path):
    path = tmp_path / "grid.xz"
    solved = [("a", "none", 1, True), ("b", "none", 1, True), ("a", "none", 2, True), ("b", "none", 2, False)]
    journal(path, [*solved, ("b", "light", 2, True)])
    assert known_scenes(path) == Scenes("reach", ("a", "b"), (1,))


def test_without_such_a_scene_or_a_grid_there_is_no_challenge(tmp_path):
    path = tmp_path / "grid.xz"
    assert known_scenes(path) is None
    journal(path, [("a", "none", 1, True)])
    assert known_scenes(path) is None
    path.write_bytes(b"torn")
    assert known_scenes(path) is None


def test_every_day_has_its_scene_and_all_come_up():
    scenes, first = Scenes("reach", ("a",), (7, 8, 9)), date(2026, 1, 1)
    assert scenes.seed(first) == scenes.seed(date(2026, 1, 1))
    assert {scenes.seed(first + timedelta(days)) for days in range(3)} == {7, 8, 9}


def test_the_shipped_grid_has_scenes():
    scenes = known_scenes()
    assert scenes is not None
    assert len(scenes.seeds) > 1
