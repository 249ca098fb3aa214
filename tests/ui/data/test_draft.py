"""A draft shows what saving would leave, takes back every change, and never overwrites what it has not seen."""

from functools import partial

import pytest

from tests.fakes.shelf import shelf
from wam_demo.data.cuts import delete, relabel, trim
from wam_demo.data.lerobot import Dataset
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.ui.data.draft import Draft
from wam_demo.ui.data.view import pictures, sets, shown


def lengths(root) -> list[int]:
    return [row["length"] for row in Dataset(root).episodes().to_pylist()]


def test_changes_are_undone_until_they_are_saved(tmp_path):
    root = shelf(tmp_path / "a")
    draft = Draft(root)
    draft.change(partial(trim, episode=1, start=18, stop=24))
    draft.change(partial(delete, episodes=[2]))
    draft.change(partial(relabel, episodes=[0], instruction="rise", success=False))
    draft.change(partial(relabel, episodes=[0], instruction="rise"))  # says nothing new
    assert (draft.changes, [len(cut) for cut in draft.cuts]) == (3, [30, 6])
    assert lengths(root) == [30, 24, 28]
    first = shown(draft)["episodes"][0]
    assert (first["instruction"], first["success"], first["by"]) == ("rise", False, "person")
    draft.undo()
    draft.save(root)
    assert lengths(root) == [30, 6]
    assert Dataset(root).tasks == ["put the ruby cube in the bowl"]
    with pytest.raises(InvalidInputError, match="nothing has been changed"):
        Draft(root).undo()


def test_flags_follow_the_edits(tmp_path):
    draft = Draft(shelf(tmp_path / "a"))
    (problem,) = draft.problems()
    assert (problem.episode, problem.kind) == (1, "idle_head")
    assert shown(draft)["episodes"][1]["flags"][0]["detail"].startswith("nothing moves in the first")
    draft.change(partial(delete, episodes=[0]))
    assert [problem.episode for problem in draft.problems()] == [0]
    draft.change(partial(trim, episode=0, start=18, stop=24))
    assert draft.problems() == []


def test_another_dataset_is_taken_in_and_saved_under_another_name(tmp_path):
    one, other = shelf(tmp_path / "a"), shelf(tmp_path / "b", (12,))
    draft = Draft(one)
    draft.append(other)
    draft.save(tmp_path / "c")
    assert (lengths(tmp_path / "c"), lengths(one)) == ([30, 24, 28, 12], [30, 24, 28])
    with pytest.raises(DataError, match="is not empty"):
        draft.save(other)
    with pytest.raises(DataError, match="other features"):
        draft.append(shelf(tmp_path / "d", (5,), size=32))


def test_what_was_recorded_meanwhile_is_not_overwritten(tmp_path):
    root = shelf(tmp_path / "a", (10, 10))
    draft = Draft(root)
    draft.change(partial(delete, episodes=[0]))
    shelf(root, (9,))  # goes on recording
    with pytest.raises(DataError, match="a has changed since"):
        draft.save(root)
    assert lengths(root) == [10, 10, 9]


def test_a_damaged_episode_is_named_and_can_be_deleted(tmp_path):
    root = shelf(tmp_path / "a")
    next(iter((root / "videos").rglob("file-001.mp4"))).write_bytes(b"no film")
    draft = Draft(root)
    (problem,) = draft.problems()
    assert (problem.episode, problem.kind) == (1, "damaged")
    assert set(pictures(draft, [0, 2])["tiles"]) == {"0.first", "0.last", "2.first", "2.last"}
    draft.change(partial(trim, episode=0, start=2, stop=20))
    with pytest.raises(DataError, match="episode 1"):
        draft.save(root)
    draft.change(partial(delete, episodes=[1]))
    draft.save(root)
    assert lengths(root) == [18, 28]


def test_datasets_are_listed_with_what_is_wrong_with_them(tmp_path):
    shelf(tmp_path / "a", (4,))
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    first, second = sets(list(tmp_path.iterdir()))
    assert (first["name"], first["episodes"], second["name"]) == ("a", 1, "b")
    assert "no finished LeRobot dataset" in second["fault"]
