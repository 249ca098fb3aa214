"""An edited dataset is the one that had been written with these frames alone, statistics included."""

import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wam_demo.data import edit
from wam_demo.data.cuts import delete, relabel, trim, whole
from wam_demo.data.edit import edit_in_place, merge, recover, write_cuts
from wam_demo.data.lerobot import Dataset
from wam_demo.data.recording import EpisodeNotes, RecordingWriter
from wam_demo.data.schema import DEMONSTRATION_FEATURES, Feature, image_key, recording_features
from wam_demo.data.writer import LeRobotWriter
from wam_demo.errors import DataError, InvalidInputError

TINY = {
    **{name: feature for name, feature in DEMONSTRATION_FEATURES.items() if name != "expert_chunk"},
    **{image_key(camera): Feature("image", (8, 12, 3)) for camera in ("front", "wrist")},
    "intervention": Feature("bool", (1,)),
}


def frame(rng: np.random.Generator, shape=(8, 12, 3)) -> dict:
    return {
        image_key("front"): rng.integers(0, 256, shape, np.uint8),
        image_key("wrist"): rng.integers(0, 256, shape, np.uint8),
        "observation.state": rng.normal(size=17).astype(np.float32),
        "action": rng.normal(size=7).astype(np.float32),
        "camera_poses": rng.normal(size=26).astype(np.float32),
        "next.success": bool(rng.integers(2)),
        "intervention": bool(rng.integers(2)),
        "task_name": "reach",
    }


def episodes_of(lengths, seed: int = 0) -> list[list[dict]]:
    rng = np.random.default_rng(seed)
    return [[frame(rng) for _ in range(length)] for length in lengths]


def write(root, episodes, instructions) -> None:
    with LeRobotWriter(root, TINY) as writer:
        for number, (frames, instruction) in enumerate(zip(episodes, instructions, strict=True)):
            for one in frames:
                writer.add_frame(one, instruction)
            writer.end_episode(seed=number, success=True)


def files_of(root) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def assert_same(one, other, *, but=()) -> None:
    """Equal frames, rows, statistics and instructions."""
    first, second = Dataset(one), Dataset(other)
    assert (first.tasks, first.fps, first.features) == (second.tasks, second.fps, second.features)
    for name, feature in first.features.items():
        if not (feature.is_image or feature.is_video):
            np.testing.assert_array_equal(first.column(name), second.column(name), err_msg=name)
    for camera in first.cameras:
        for a, b in zip(first.iter_images(camera), second.iter_images(camera), strict=True):
            np.testing.assert_array_equal(a, b)
    rows = [
        [{k: v for k, v in row.items() if k not in but} for row in d.episodes().to_pylist()] for d in (first, second)
    ]
    assert rows[0] == rows[1]
    assert json.loads((one / "meta/stats.json").read_text()) == json.loads((other / "meta/stats.json").read_text())


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_edits_give_the_dataset_written_without_those_frames(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("edit")
    lengths = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    episodes, words = episodes_of(lengths), [f"say {number % 2}" for number in range(len(lengths))]
    write(folder / "a", episodes, words)
    cuts, kept = whole(Dataset(folder / "a")), list(zip(episodes, words, range(len(lengths)), strict=True))
    for _ in range(data.draw(st.integers(0, 4))):
        number = data.draw(st.integers(0, len(kept) - 1))
        frames, said, seed = kept[number]
        kind = data.draw(st.sampled_from(["delete", "trim", "label"]))
        if kind == "delete" and len(kept) > 1:
            cuts = delete(cuts, [number])
            kept.pop(number)
        elif kind == "trim":
            start = data.draw(st.integers(0, len(frames) - 1))
            stop = data.draw(st.integers(start + 1, len(frames)))
            cuts = trim(cuts, number, start, stop)
            kept[number] = (frames[start:stop], said, seed)
        elif kind == "label":
            said = data.draw(st.sampled_from(["another way", "say 1"]))
            cuts = relabel(cuts, [number], instruction=said)
            kept[number] = (frames, said, seed)
    edit_in_place(folder / "a", cuts)
    with LeRobotWriter(folder / "b", TINY) as writer:
        for frames, said, seed in kept:
            for one in frames:
                writer.add_frame(one, said)
            writer.end_episode(seed=seed, success=True)
    assert_same(folder / "a", folder / "b")
    assert not list(folder.glob(".a.*"))


@settings(max_examples=8, deadline=None)
@given(lengths=st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=3), min_size=1, max_size=3))
def test_merged_sets_are_the_set_written_at_once(tmp_path_factory, lengths):
    folder = tmp_path_factory.mktemp("merge")
    parts = [episodes_of(part, seed) for seed, part in enumerate(lengths)]
    for number, part in enumerate(parts):
        write(folder / f"{number}", part, ["go"] * len(part))
    merge([folder / f"{number}" for number in range(len(parts))], folder / "m")
    together = [one for part in parts for one in part]
    write(folder / "w", together, ["go"] * len(together))
    assert_same(folder / "m", folder / "w", but=("seed",))


def recorded(root, lengths=(9, 20, 4)) -> None:
    """A recording with videos, smooth enough to be coded well."""
    features = recording_features({"front": (32, 48), "wrist": (32, 48)})
    rng = np.random.default_rng(3)
    with RecordingWriter(root, features) as writer:
        for length in lengths:
            for step in range(length):
                image = np.full((32, 48, 3), 40 + 8 * step, np.uint8)
                values = {"observation.state": rng.normal(size=17), "action": rng.normal(size=7)}
                values |= {"commanded_action": rng.normal(size=7), "intervention": step > 5, "person_weight": 0.0}
                values |= {"camera_poses": np.zeros(26)}
                values |= {"next.success": False, "events": "", "task_name": "reach"}
                writer.add_frame({image_key("front"): image, image_key("wrist"): image, **values}, "go")
            writer.end_episode(EpisodeNotes(success=False, interventions=1, intervention_frames=max(0, length - 6)))


def test_a_recording_is_trimmed_without_coding_its_videos_again(tmp_path):
    recorded(tmp_path / "r")
    before = Dataset(tmp_path / "r")
    images = list(before.episode_images("front", 1))
    videos = sorted(path.read_bytes() for path in before.video_files)
    cuts = relabel(trim(delete(whole(before), [0]), 0, 4, 17), [0], success=True)
    after = edit_in_place(tmp_path / "r", cuts)
    for one, other in zip(after.episode_images("front", 0), images[4:17], strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(path.read_bytes() in videos for path in after.video_files)
    row = after.episodes().to_pylist()[0]
    assert (row["length"], row["success"], row["success_by"]) == (13, True, "person")
    assert (row["interventions"], row["intervention_frames"]) == (1, 11)
    assert after.column("next.success").tolist() == [False] * 12 + [True] + [False] * 4
    shown = np.stack(images[4:17:8])[:, ::4, ::4] / 255.0
    np.testing.assert_allclose(row["stats/observation.images.front/mean"][0][0][0], shown[..., 0].mean(), atol=1e-9)


def test_a_recording_goes_on_after_an_edit(tmp_path):
    recorded(tmp_path / "r", lengths=(5, 5))
    edit_in_place(tmp_path / "r", delete(whole(Dataset(tmp_path / "r")), [0]))
    recorded(tmp_path / "r", lengths=(3,))
    dataset = Dataset(tmp_path / "r")
    assert [row["length"] for row in dataset.episodes().to_pylist()] == [5, 3]
    assert [len(list(dataset.episode_images("wrist", episode))) for episode in (0, 1)] == [5, 3]


def test_other_files_of_the_folder_stay_and_a_stale_cache_goes(tmp_path):
    write(tmp_path / "a", episodes_of([3, 3]), ["go", "go"])
    (tmp_path / "a" / "README.md").write_text("mine")
    (tmp_path / "a" / "cache").mkdir()
    edit_in_place(tmp_path / "a", whole(Dataset(tmp_path / "a"))[:1])
    assert (tmp_path / "a" / "README.md").read_text() == "mine"
    assert not (tmp_path / "a" / "cache").exists()


def damage_video(root):
    path = Dataset(root).video_files[1]
    path.write_bytes(path.read_bytes()[:400])
    return "episode 1"


def remove_video(root):
    Dataset(root).video_files[1].unlink()
    return "episode 1"


def cut_data(root):
    path = Dataset(root).files[2]
    path.write_bytes(path.read_bytes()[:-40])
    return "episode 2"


def overwrite_data(root):
    path = Dataset(root).files[0]
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(bytes(content))
    return "episode 0"


@pytest.mark.parametrize("damage", [damage_video, remove_video, cut_data, overwrite_data])
def test_a_damaged_set_is_refused_with_the_episode_named_and_nothing_touched(tmp_path, damage):
    recorded(tmp_path / "r")
    cuts = trim(whole(Dataset(tmp_path / "r")), 0, 1)
    named = damage(tmp_path / "r")
    before = files_of(tmp_path)
    with pytest.raises(DataError, match=named):
        edit_in_place(tmp_path / "r", cuts)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("moment", ["rename", "rmtree"])
def test_a_kill_while_the_folders_change_places_is_recovered(tmp_path, monkeypatch, moment):
    write(tmp_path / "a", episodes_of([3, 4]), ["go", "go"])
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    cuts = whole(Dataset(tmp_path / "a"))[1:]
    calls = []

    class Killed(BaseException):
        pass

    def second(*args, **_):
        calls.append(args)
        if len(calls) == 2 or moment == "rmtree":
            raise Killed
        os.replace(*args)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        if moment == "rename":
            patch.setattr(edit.os, "rename", second)
        else:
            patch.setattr(edit.shutil, "rmtree", lambda path, **o: None if o else second(path))
        edit_in_place(tmp_path / "a", cuts)
    recover(tmp_path / "a")
    assert Dataset(tmp_path / "a").num_frames == (7 if moment == "rename" else 4)
    assert not (tmp_path / ".a.before").exists()


def test_what_cannot_be_is_refused(tmp_path):
    write(tmp_path / "a", episodes_of([3, 4]), ["go", "go"])
    cuts = whole(Dataset(tmp_path / "a"))
    for bad in (
        lambda: delete(cuts, [2]),
        lambda: delete(cuts, [0, 1]),
        lambda: trim(cuts, 0, 2, 2),
        lambda: trim(cuts, 0, 0, 4),
        lambda: relabel(cuts, [0], instruction=" "),
    ):
        with pytest.raises(InvalidInputError):
            bad()
    with LeRobotWriter(tmp_path / "b", TINY, fps=5) as writer:
        writer.add_frame(episodes_of([1])[0][0], "go")
        writer.end_episode(seed=0, success=True)
    with pytest.raises(DataError, match="other features or another frame rate"):
        write_cuts([*cuts, *whole(Dataset(tmp_path / "b"))], tmp_path / "c")
    with pytest.raises(DataError, match="not empty"):
        write_cuts(cuts, tmp_path / "b")


def test_a_set_that_is_being_recorded_is_not_edited(tmp_path):
    recorded(tmp_path / "r", lengths=(4,))
    cuts = whole(Dataset(tmp_path / "r"))
    features = Dataset(tmp_path / "r").features
    given = {name: feature for name, feature in features.items() if name in recording_features({}) or "images" in name}
    with RecordingWriter(tmp_path / "r", given), pytest.raises(DataError, match="somebody else"):
        edit_in_place(tmp_path / "r", cuts)
