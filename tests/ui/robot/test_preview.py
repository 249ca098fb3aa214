"""The first frame as a mapping reads it, and the pictures of the episode list, asked of a real child process."""

import base64

import cv2
import numpy as np
import pytest

from tests.fakes import recordings
from tests.fakes.brain import catalogue
from wam_demo.data.uploads import process
from wam_demo.data.uploads.contracts import Camera
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.errors import InvalidInputError
from wam_demo.robots.camera import usual_front
from wam_demo.sim.world import World
from wam_demo.ui.robot import preview as previews
from wam_demo.ui.robot.answers import EXAMPLE, responder
from wam_demo.ui.robot.preview import AXES, PATH, SIDE, framed, preview, read_first_frame
from wam_demo.ui.robot.thumbnails import THUMBNAIL_SIDE, thumbnails
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.shared.pictures import project

PAGE = "a-page-of-its-own"


@pytest.fixture
def ask(tmp_path):
    sessions = UploadSessions(lambda name: (None, None), root=tmp_path / "sessions")
    answer = responder(catalogue(), sessions)
    yield lambda kind, **more: answer({"kind": kind, "page": PAGE, **more})
    sessions.close()


def picture(encoded):
    return cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR_RGB)


def near(image, colour, most=60):
    return np.argwhere(np.abs(image.astype(int) - colour).sum(2) < most)


def whole_frame():
    """A frame of 64 x 48 in a square with bars: left half red, right half blue."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[40:280, :160], image[40:280, 160:] = (200, 0, 0), (0, 0, 200)
    return image


def test_what_is_cropped_is_dimmed_and_the_square_is_outlined():
    shown, square = framed(whole_frame(), Camera("c", 64, 48), "none", "crop")
    assert shown.shape == (240, 320, 3)
    assert square == (40, 0, 240)
    assert tuple(shown[120, 20]) == (70, 0, 0)
    assert tuple(shown[120, 60]) == (200, 0, 0)


def test_a_padded_frame_is_seen_whole():
    shown, square = framed(whole_frame(), Camera("c", 64, 48), "none", "pad")
    assert (shown.shape, square) == ((SIDE, SIDE, 3), (0, 0, SIDE))
    assert tuple(shown[160, 20]) == (200, 0, 0)


def test_a_turned_frame_is_shown_turned():
    shown, square = framed(whole_frame(), Camera("c", 64, 48), "left", "crop")
    assert shown.shape == (320, 240, 3)
    assert square == (0, 40, 240)
    assert tuple(shown[200, 120]) == (200, 0, 0)  # counter-clockwise: the left half is below
    assert tuple(shown[120, 120]) == (0, 0, 200)
    upside_down, _ = framed(whole_frame(), Camera("c", 64, 48), "flip", "pad")
    assert tuple(upside_down[160, 20]) == (200, 0, 0)


def test_the_usual_front_camera_is_that_of_the_scene():
    world = World("pick_place")
    world.draw(3)
    there, expected = usual_front(), world.camera_poses()["front"]
    world.close()
    np.testing.assert_allclose(there.position, expected.position, atol=1e-6)
    np.testing.assert_allclose(there.rotation, expected.rotation, atol=1e-6)
    assert there.half == pytest.approx(expected.half)


def test_our_own_recording_has_its_axes_between_its_fingers():
    description = describe(EXAMPLE)
    mapping = guess(description)
    frame = read_first_frame(EXAMPLE, description, mapping, 0, 0.0, "")
    found = preview(frame, description, mapping)
    shown = picture(found["pictures"]["front"])
    assert set(found["pictures"]) == {"front", "wrist"}
    state = frame.values["observation.state"][0]
    x, y = project(state[None, :3], usual_front())[0] * SIDE
    # The finger tips are dark; the tool lies between them.
    row = frame.pictures["front"][int(y) - 2].mean(axis=1)
    assert row[int(x) - 30 : int(x)].min() < 60
    assert row[int(x) : int(x) + 40].min() < 60
    for colour in (PATH, *AXES.values()):
        assert np.abs(near(shown, colour) - [y, x]).max(1).min() < 30
    assert f"tool at {100 * state[0]:.1f}" in found["tool"]
    assert "% open" in found["tool"]


def test_without_a_position_no_path_is_drawn_and_it_is_said(tmp_path):
    path = recordings.video(tmp_path / "film.mp4")
    description = describe(path)
    mapping = guess(description)
    found = preview(read_first_frame(path, description, mapping, 0, 0.0, ""), description, mapping)
    assert "does not say where the tool is" in found["tool"]
    assert not len(near(picture(found["pictures"]["front"]), PATH))
    assert set(found["pictures"]) == {"front"}


def test_another_turn_is_drawn_from_the_same_reading_and_another_camera_is_read(ask, monkeypatch):
    read = []

    def counted(*arguments):
        read.append(1)
        return read_first_frame(*arguments)

    monkeypatch.setattr("wam_demo.ui.robot.answers.read_first_frame", counted)
    mapping = ask("example")["mapping"]
    first = ask("preview", mapping=mapping, episode=0, start="")
    turned = ask("preview", mapping={**mapping, "front_turn": "half"}, episode=0, start="")
    assert len(read) == 1
    assert first["pictures"]["front"] != turned["pictures"]["front"]
    assert first["pictures"]["wrist"] == turned["pictures"]["wrist"]
    ask("preview", mapping={**mapping, "front": "wrist"}, episode=0, start="")
    assert len(read) == 2
    ask("preview", mapping={**mapping, "front": "wrist"}, episode=0, start="1")
    assert len(read) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mapping": {"front": "frnt"}}, "did you mean 'front'"),
        ({"mapping": {"position": "observation.state[0:4]"}}, "takes 3 numbers"),
        ({"mapping": 3}, "mapping is missing"),
        ({"episode": 9}, "episode 9 does not exist"),
        ({"start": "99"}, "it cannot start at 99 s"),
        ({"start": "soon"}, "start must be seconds"),
    ],
)
def test_a_mapping_that_does_not_fit_is_one_line(ask, changes, message):
    mapping = ask("example")["mapping"]
    assert message in ask("preview", **{"mapping": mapping, "episode": 0, "start": "", **changes})["error"]


def test_nothing_is_previewed_before_something_was_brought(ask):
    assert "upload a recording first" in ask("preview", mapping={}, episode=0)["error"]
    assert "upload a recording first" in ask("thumbnails", mapping={}, episodes=[0])["error"]


@pytest.mark.parametrize("asked", [None, [], [0] * 9, [1.5], ["0"], [99], [-1], [True]])
def test_thumbnails_are_asked_for_by_a_few_numbers_at_a_time(ask, asked):
    mapping = ask("example")["mapping"]
    assert "\n" not in ask("thumbnails", mapping=mapping, episodes=asked)["error"]


@pytest.mark.parametrize("make", [recordings.robomimic, recordings.lerobot_v3, recordings.lerobot_v21])
def test_every_episode_has_a_picture(tmp_path, make):
    path = make(tmp_path / "recording")
    description = describe(path)
    found = thumbnails(path, description, guess(description), [1, 0], "")["pictures"]
    assert list(found) == ["1", "0"]
    assert all(picture(encoded).shape == (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3) for encoded in found.values())


def test_a_damaged_episode_leaves_the_others_their_pictures(tmp_path):
    path = recordings.lerobot_v21(tmp_path / "set")
    (film,) = path.glob("videos/*/*/episode_000000.mp4")
    film.write_bytes(b"no film")
    description = describe(path)
    found = thumbnails(path, description, guess(description), [0, 1], "")["pictures"]
    assert found["0"] is None
    assert picture(found["1"]).shape == (THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)


def test_where_a_limit_ends_the_reading_what_came_before_stays(tmp_path, monkeypatch):
    path = recordings.lerobot_v3(tmp_path / "set")
    description = describe(path)
    exactly, given = process.ReaderProcess.exactly, []

    def out_of_time(child, count):
        if given:
            raise InvalidInputError("the recording took more than 8 s of processor time to read")
        given.append(count)
        return exactly(child, count)

    monkeypatch.setattr(process.ReaderProcess, "exactly", out_of_time)
    found = thumbnails(path, description, guess(description), [0, 1], "")["pictures"]
    assert found["0"] is not None
    assert found["1"] is None
    with pytest.raises(InvalidInputError, match="processor time"):
        thumbnails(path, description, guess(description), [0, 1], "")


def test_only_few_points_of_a_long_path_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(previews, "TRAIL", 5)
    description = describe(EXAMPLE)
    frame = read_first_frame(EXAMPLE, description, guess(description), 0, 0.0, "")
    assert all(len(values) <= 5 for values in frame.values.values())
