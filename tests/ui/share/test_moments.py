"""A session's recorder keeps what a clip is drawn from, and the clip shows it."""

import io
import time
from dataclasses import replace
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from tests.fakes.brain import backend
from tests.fakes.world import FakeWorld
from wam_demo.errors import UnknownNameError
from wam_demo.runtime import Command, Session, Settings
from wam_demo.runtime.contracts import DreamView
from wam_demo.types import CameraPose
from wam_demo.ui.share.drawing import HEIGHT, PAIR_HEIGHT, WIDTH, draw_frame, draw_pair, read_jpeg
from wam_demo.ui.share.film import END_STEPS, film
from wam_demo.ui.share.moments import AHEAD, ClipRecorder
from wam_demo.ui.share.pairs import PairClip, PairMoment, PairRecorder
from wam_demo.ui.shared.pictures import project

STEPS = 30


class CalibratedWorld(FakeWorld):
    """Its camera looks straight down, so that places on the table are places in the picture."""

    success_after = 10_000

    def camera_poses(self):
        return {"front": CameraPose(np.array([0.5, 0.0, 1.0], np.float32), np.eye(3, dtype=np.float32), 0.5)}


def is_long(episode) -> bool:
    return episode is not None and STEPS in episode.moments


@pytest.fixture(scope="module")
def recorder():
    kept = ClipRecorder()
    session = Session(Settings("reach", "steer"), replace(backend(), open_source=CalibratedWorld), [kept])
    session.open()
    end = time.monotonic() + 30
    session.post(Command("axis", {"axis": "light", "severity": 2}))
    while time.monotonic() < end and not is_long(kept.episode("reach", 0)):
        session.tick()
    session.close()
    return kept


def test_every_control_step_is_there_with_all_four_panels(recorder):
    episode = recorder.episode("reach", 0)
    assert set(range(1, STEPS + 1)) <= set(episode.moments)
    last = episode.moments[STEPS]
    assert last.imagined.shape == (128, 128, 3)
    assert last.error is not None
    assert last.answered in episode.moments
    assert "light 2" in last.events
    assert np.allclose(last.attention.sum(), 0.7, atol=1e-5)


def test_the_plan_begins_at_the_tool(recorder):
    moment = recorder.episode("reach", 0).moments[10]
    assert len(moment.plan) > 8
    assert ((moment.plan > 0) & (moment.plan < 1)).all()


def test_a_point_left_above_the_middle_is_there_in_the_picture():
    camera = CameraPose(np.array([0, 0, 1], np.float32), np.eye(3, dtype=np.float32), 0.5)
    points = np.array([[0, 0, 0], [-0.25, 0.25, 0], [0, 0, 2]], np.float32)  # the last one lies behind it
    assert np.allclose(project(points, camera), [[0.5, 0.5], [0.25, 0.25]])


def test_the_frame_shows_each_panel_and_the_verdict_only_at_the_end(recorder):
    episode = replace(recorder.episode("reach", 0), title="Done", success=True, detail="after 3.0 s")
    moment = episode.moments[STEPS]
    frame, last = draw_frame(episode, moment, "Steer"), draw_frame(episode, moment, "Steer", verdict=True)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert np.array_equal(frame[: HEIGHT - 60], last[: HEIGHT - 60])
    assert not np.array_equal(frame[HEIGHT - 40 :], last[HEIGHT - 40 :])
    bare = replace(moment, plan=moment.plan[:0])
    assert not np.array_equal(draw_frame(episode, bare, "Steer"), frame)


def test_the_mp4_plays_for_as_long_as_the_attempt_and_its_verdict(recorder):
    data = film("mp4", recorder.episode("reach", 0), "Steer")
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(recorder.episode("reach", 0).moments) + END_STEPS
    assert (frames[0].width, frames[0].height) == (WIDTH, HEIGHT)


def test_the_gif_moves_and_stays_small(recorder):
    data = film("gif", recorder.episode("reach", 0), "Steer")
    picture = Image.open(io.BytesIO(data))
    assert picture.n_frames > STEPS // 4
    assert picture.info["loop"] == 0
    assert len(data) < 3e6


def test_a_gif_keeps_the_colour_of_a_small_object():
    picture = np.random.default_rng(0).integers(90, 200, (256, 256, 3)).astype(np.uint8)
    picture[120:130, 120:130] = 250, 220, 0
    data = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    moments = {step: PairMoment((data, data), "") for step in range(8)}
    clip = PairClip("reach", "steer", "reach", ("Reality", "Dream"), "both", moments)
    shown = np.asarray(Image.open(io.BytesIO(film("gif", clip, "Steer"))).convert("RGB")).astype(int)
    assert np.abs(shown - [250, 220, 0]).sum(-1).min() < 40


def test_an_unknown_kind_of_clip_names_the_others(recorder):
    with pytest.raises(UnknownNameError, match="mp4"):
        film("avi", recorder.episode("reach", 0), "Steer")


def test_an_attempt_that_is_not_kept_is_none(recorder):
    assert recorder.episode("reach", 99) is None
    assert recorder.episode("wander", 0) is None


def test_the_horizon_that_is_shown_is_one_that_is_imagined(recorder):
    moment = recorder.episode("reach", 0).moments[STEPS]
    assert moment.imagined_at + AHEAD <= STEPS + AHEAD
    assert cv2.imdecode(np.frombuffer(moment.now, np.uint8), cv2.IMREAD_COLOR).shape == (256, 256, 3)


def test_a_twin_is_kept_as_two_pictures_a_step_and_a_dream_begins_another_clip():
    kept = ClipRecorder()
    session = Session(Settings("reach", "steer"), replace(backend(), open_source=CalibratedWorld), [kept])
    session.open()

    def play(until) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end and not until():
            session.tick()

    play(lambda: 3 in kept._episodes[-1].moments if kept._episodes else False)
    session.post(Command("twin", {"on": True, "dream": "same"}))
    play(lambda: kept.pairs.clip is not None and len(kept.pairs.clip.moments) > 5)
    both = kept.pairs.clip
    session.post(Command("dream", {"on": True}))
    session.post(Command("twin", {"on": False}))
    play(lambda: kept.pairs.clip.kind == "dream" and len(kept.pairs.clip.moments) > 5)
    session.close()
    assert (both.kind, both.titles) == ("both", ("Reality", "Dream, same actions"))
    last = both.moments[max(both.moments)]
    assert "cm apart" in last.line
    assert "pictures differ by" in last.line
    frame = draw_pair(both, last, "Steer")
    assert frame.shape == (PAIR_HEIGHT, WIDTH, 3)
    with av.open(io.BytesIO(film("mp4", both, "Steer"))) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(both.moments)
    dreamt = kept.pairs.clip
    assert "s dreamt" in dreamt.moments[max(dreamt.moments)].line
    left, right = (read_jpeg(picture) for picture in dreamt.moments[max(dreamt.moments)].pictures)
    assert left.shape == right.shape == (128, 128, 3)


def test_no_more_than_a_minute_of_a_dream_is_kept(monkeypatch):
    monkeypatch.setattr("wam_demo.ui.share.pairs.KEPT_STEPS", 3)
    kept = PairRecorder()
    picture = np.zeros((8, 8, 3), np.uint8)
    for step in range(6):
        seen = SimpleNamespace(images={"front": picture, "wrist": picture})
        kept.on_view(
            SimpleNamespace(
                episode=-1, twin=None, step=step, dream=DreamView(4, step), observation=seen,
                instruction="reach", settings=Settings("reach", "steer"),
            )
        )  # fmt: skip
    assert list(kept.clip.moments) == [3, 4, 5]
