"""Open-loop scores on recordings whose truth is known."""

import json

import numpy as np
import pytest

from tests.fakes import recordings
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.diagnose.answers import Answers
from wam_demo.diagnose.imagination import psnr
from wam_demo.diagnose.openloop import DIMENSIONS, OpenLoopScores, displacement_error, judge, score
from wam_demo.diagnose.retouch import Retouch
from wam_demo.robots.recording import RecordedStep, Recording, RecordingSource
from wam_demo.types import ActionChunk, Observation, Prediction

STEPS = 30


def moments(steps=STEPS):
    for k in range(steps):
        image = np.full((128, 128, 3), 5 * k, np.uint8)
        observation = Observation({"front": image, "wrist": image}, np.zeros(17, np.float32), "go", k / 10)
        yield RecordedStep(k, observation, observation.images, np.zeros(7, np.float32))


def plan_of(action):
    def plan(observations):
        return [Prediction(ActionChunk(np.tile(np.float32(action), (16, 1)))) for _ in observations]

    return plan


def imagine_brighter(by):
    def imagine(observations):
        return [
            {c: np.stack([np.clip(image + 5.0 * k + by, 0, 255).astype(np.uint8) for k in (4, 8, 12, 16)])
             for c, image in o.images.items()}
            for o in observations
        ]  # fmt: skip

    return imagine


def test_a_constant_error_of_the_plan_adds_up_over_the_chunk():
    planned, recorded = [0.01, 0, 0, 0.1, 0, 0, 1.0], np.zeros((STEPS, 7), np.float32)
    document = score(judge(moments(), plan_of(planned)), recorded).document()
    assert document["action_error_by_step"] == {str(k): pytest.approx(0.01 * k, rel=1e-4) for k in range(1, 17)}
    assert document["action_error_by_dimension"]["rx_rad"]["16"] == pytest.approx(0.1, rel=1e-5)
    assert document["action_error_by_dimension"]["gripper"]["1"] == 1.0
    assert (document["plans"], document["psnr_by_step"]) == (STEPS, None)


def test_what_the_recording_does_not_know_is_not_compared():
    recorded = np.full((STEPS, 7), np.nan, np.float32)
    recorded[:, 6] = 1.0
    document = score(judge(moments(), plan_of([0.01] * 7)), recorded).document()
    assert document["action_error_by_step"] is None
    assert list(document["action_error_by_dimension"]) == ["gripper"]


def test_imaginations_are_compared_with_their_own_moment():
    exact = score(judge(moments(), plan_of([0] * 7), imagine_brighter(0)), np.zeros((STEPS, 7))).document()
    assert exact["psnr_by_step"] == dict.fromkeys(["4", "8", "12", "16"], 60.0)
    assert exact["psnr_copy_last_by_step"]["4"] == pytest.approx(20 * np.log10(255 / 20), rel=1e-6)
    assert exact["imaginations"] == 3
    off = score(judge(moments(), plan_of([0] * 7), imagine_brighter(10)), np.zeros((STEPS, 7))).document()
    assert off["psnr_by_step"]["16"] == pytest.approx(20 * np.log10(255 / 10), rel=1e-6)


def test_a_world_that_is_imagined_well_is_inside_the_training_domain():
    judged = judge(moments(), plan_of([0] * 7), imagine_brighter(0))
    domain = score(judged, np.zeros((STEPS, 7))).document()["domain"]
    assert (domain["verdict"], domain["moments"], domain["better"]) == ("inside", 3, 3)
    judged = judge(moments(), plan_of([0] * 7), imagine_brighter(120))
    assert score(judged, np.zeros((STEPS, 7))).document()["domain"]["verdict"] == "outside"
    assert score(judge(moments(), plan_of([0] * 7)), np.zeros((STEPS, 7))).document()["domain"] is None


def test_a_disturbed_run_is_compared_with_a_last_frame_as_disturbed_as_what_came(tmp_path):
    """The baseline of a disturbed run: both pictures of the comparison are darkened, hidden and noisy alike."""
    clip = FakeClip(list(moments()))
    retouch = Retouch(noise=2, occlusion=3, light=3)
    answers = Answers(clip, retouch, plan_of([0] * 7), lambda seen: imagine_brighter(0)(seen), tmp_path)
    answers.run(10, lambda: None)
    pictures = [retouch.apply(moment.observation.images, moment.step) for moment in clip.all]
    expected = np.mean([[psnr(pictures[s][c], pictures[s + 8][c]) for c in ("front", "wrist")] for s in (0, 10, 20)])
    found = answers.scores.document()["psnr_copy_last_by_step"]["8"]
    assert found == pytest.approx(expected)
    clean = Answers(clip, Retouch(), plan_of([0] * 7), imagine_brighter(0), tmp_path / "clean")
    clean.run(10, lambda: None)
    assert abs(clean.scores.document()["psnr_copy_last_by_step"]["8"] - found) > 0.5


class FakeClip:
    """The parts of a `Clip` that answers read."""

    def __init__(self, steps):
        self.all, self.steps, self.total = steps, len(steps), len(steps)
        self.actions = np.zeros((len(steps), 7), np.float32)

    def moment(self, step):
        return self.all[step]


def test_every_step_is_answered_once_whatever_the_batch():
    for batch in (1, 7, 64):
        judged = list(judge(moments(), plan_of([0] * 7), imagine_brighter(0), every=10, batch=batch))
        assert [entry.moment.step for entry in judged] == list(range(STEPS))
        assert [entry.moment.step for entry in judged if entry.future is not None] == [0, 10, 20]


def test_displacements_end_where_the_recording_ends():
    assert len(displacement_error(np.zeros((16, 7)), np.zeros((3, 7)))) == 3
    scores = OpenLoopScores()
    scores.add_plan(np.zeros((16, 7)), np.zeros((3, 7)))
    assert set(scores.document()["action_error_by_step"]) == {"1", "2", "3"}


def test_a_recording_is_a_source(tmp_path):
    path = recordings.lerobot_v3(tmp_path / "set")
    found = describe(path)
    with Recording(path, found, guess(found), episode=1, start=0.5, stop=1.0) as recording:
        source = RecordingSource(recording.moments())
        assert (recording.steps, recording.frames) == (6, 6)
        seen = []
        while not source.finished:
            observation = source.observe()
            assert {name: image.shape for name, image in observation.images.items()} == {
                "front": (128, 128, 3),
                "wrist": (128, 128, 3),
            }
            seen.append(source.apply(np.ones(7, np.float32)))
    np.testing.assert_allclose([action[1] for action in seen[:-1]], 0.01, atol=1e-6)
    assert observation.instruction == "push the dot"


def test_memory_does_not_grow_with_the_length(tmp_path):
    """Ten times the frames, the same memory."""
    import psutil

    def grown(frames):
        pictures = recordings.pictures(30, 240, 320)
        path = recordings.video(tmp_path / f"{frames}.mp4", frames=[pictures[k % 30] for k in range(frames)])
        found = describe(path)
        before, peak = psutil.Process().memory_info().rss, 0
        with Recording(path, found, guess(found)) as recording:
            for _ in judge(recording.moments(), plan_of([0] * 7)):
                peak = max(peak, psutil.Process().memory_info().rss)
            assert recording.steps == frames
        return peak - before

    grown(60)
    assert grown(1000) < 30 * 2**20


@pytest.mark.parametrize("name", ["hold"])
def test_the_command_runs_on_a_recording(name, tmp_path):
    from wam_demo.cli import main

    path = recordings.robomimic(tmp_path / "a.hdf5")
    mapped = ["--map", "fps=10", "--map", "gripper-open=0.04"]
    assert main(["openloop", str(path), "--policy", name, *mapped, "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (content["frames"], content["steps"]) == (recordings.FRAMES, recordings.FRAMES)
    assert content["action_error_by_step"]["1"] == pytest.approx(0.01, rel=1e-3)
    assert content["action_error_by_step"]["16"] == pytest.approx(0.16, rel=1e-3)
    assert set(content["action_error_by_dimension"]) == set(DIMENSIONS)
    assert content["psnr_by_step"] is None
