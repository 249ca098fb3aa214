"""Whatever bytes arrive: a reader answers, or refuses with one line; it never raises anything else."""

import io
import json
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.fakes import recordings
from wam_demo.data.uploads.contracts import CameraMapping, Description
from wam_demo.data.uploads.detect import FORMATS, detect
from wam_demo.data.uploads.mapping import RobotMapping, parse_slice
from wam_demo.data.uploads.motion import control_rows
from wam_demo.data.uploads.process import describe
from wam_demo.data.uploads.sampling import sampled, square, ticks
from wam_demo.data.uploads.stills import decode_still
from wam_demo.errors import InvalidInputError

few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

MAKERS = {
    "mp4": lambda d: recordings.video(d / "a.mp4"),
    "webm": lambda d: recordings.video(d / "a.webm", "libvpx-vp9"),
    "gif": lambda d: recordings.gif(d / "a.gif"),
    "hdf5": lambda d: recordings.aloha(d / "a.hdf5"),
    "mcap": lambda d: recordings.mcap_json(d / "a.mcap"),
    "rosbag1": lambda d: recordings.rosbag1(d / "a.bag"),
    "zarr": lambda d: recordings.umi(d / "a.zarr.zip"),
    "lerobot": lambda d: recordings.zipped(recordings.lerobot_v21(d / "set"), d / "a.zip"),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return {name: make(folder).read_bytes() for name, make in MAKERS.items()}


@contextmanager
def may_refuse():
    """A refusal is as good as an answer, as long as it is one line."""
    try:
        yield
    except InvalidInputError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error


@pytest.mark.parametrize("name", MAKERS)
@few
@given(
    places=some.lists(some.tuples(some.floats(0, 1), some.integers(0, 255)), min_size=1, max_size=24),
    cut=some.floats(0.3, 1.5),
)
def test_damaged_files(name, whole, tmp_path, places, cut):
    data = bytearray(whole[name])
    for place, value in places:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path / "damaged"
    path.write_bytes(data[: int(len(data) * cut)])
    with may_refuse():
        assert isinstance(describe(path), Description)


@many
@given(
    data=some.binary(max_size=300),
    start=some.sampled_from([b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"GIF89a", b"\0\0\0\x20ftyp"]),
)
def test_any_bytes_are_a_format_or_refused(tmp_path, data, start):
    path = tmp_path / "any"
    path.write_bytes(start + data)
    with may_refuse():
        assert detect(path) in FORMATS


@many
@given(
    data=some.binary(max_size=200),
    start=some.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP", b"BM"]),
)
def test_any_bytes_are_an_image_or_refused(data, start):
    with may_refuse():
        assert decode_still(start + data).ndim == 3


json_values = some.recursive(
    some.none() | some.booleans() | some.integers(-5, 10**12) | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return recordings.lerobot_v21(tmp_path_factory.mktemp("set") / "set")


@settings(few, max_examples=40)
@given(
    name=some.sampled_from(["codebase_version", "fps", "features", "data_path", "video_path", "chunks_size"]),
    value=json_values,
)
def test_any_value_in_a_datasets_description(dataset, tmp_path, name, value):
    """In this process: the reader itself, without the child that would catch what it lets through."""
    from wam_demo.data.uploads.lerobot import LeRobotReader

    info = dataset / "meta" / "info.json"
    before = info.read_text()
    try:
        with may_refuse():
            info.write_text(json.dumps({**json.loads(before), name: value}))
            reader = LeRobotReader(dataset)
            reader.describe()
            next(reader.images(0, "top", 0.0))[1]()
    finally:
        info.write_text(before)


@many
@given(text=some.text(max_size=40))
def test_any_text_is_a_part_or_refused(text):
    with may_refuse():
        assert parse_slice(str(parse_slice(text))) == parse_slice(text)


@many
@given(entries=some.dictionaries(some.sampled_from(sorted(RobotMapping.__dataclass_fields__)), json_values, max_size=6))
def test_any_mapping_is_read_or_refused(entries):
    found = Description.from_document(
        {"format": "mp4", "fps": 10.0, "cameras": [{"name": "front", "width": 4, "height": 4}], "signals": [],
         "episodes": [{"name": "0", "frames": 3, "instruction": ""}], "robot": ""}
    )  # fmt: skip
    with may_refuse():
        RobotMapping("front").changed(entries).validated(found)


@many
@given(
    gaps=some.lists(some.floats(0.004, 0.7), min_size=1, max_size=40), start=some.floats(0, 3), length=some.floats(0, 3)
)
def test_each_control_step_has_the_newest_frame_before_it(gaps, start, length):
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    at = ticks(float(times[-1]), start, start + length)
    frames = [(float(t), lambda k=k: np.full((4, 6, 3), k, np.uint8)) for k, t in enumerate(times)]
    shown = [int(image[0, 0, 0]) for image in sampled(iter(frames), at, CameraMapping("c"), 2)]
    assert shown == control_rows(times, at).tolist()
    assert len(shown) == len(at)
    assert all(times[k] <= t + 0.0051 for k, t in zip(shown, at, strict=True))


@many
@given(height=some.integers(1, 40), width=some.integers(1, 40), size=some.integers(1, 40))
def test_any_picture_becomes_square(height, width, size):
    image = np.zeros((height, width, 3), np.uint8)
    for turn in ("none", "half", "flip", "left", "right"):
        for fit in ("crop", "pad"):
            assert square(image, CameraMapping("c", turn, fit), size).shape == (size, size, 3)


def test_bytes_that_are_no_image_are_refused():
    with pytest.raises(InvalidInputError):
        decode_still(io.BytesIO().getvalue())
