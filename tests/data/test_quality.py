"""Quality flags: each odd thing is found with its place, and a clean episode has none."""

from dataclasses import replace

import numpy as np
import pytest

from wam_demo.data.lerobot import Dataset
from wam_demo.data.quality.check import check_dataset
from wam_demo.data.quality.compared import compared_problems
from wam_demo.data.quality.episode import EpisodeNumbers
from wam_demo.data.quality.motion import motion_problems
from wam_demo.data.schema import Feature
from wam_demo.data.writer import LeRobotWriter
from wam_demo.errors import DataError


def moving(episode: int = 0, frames: int = 60, shift: float = 0.0) -> EpisodeNumbers:
    """A smooth path of 6 s at 10 Hz."""
    phase = np.linspace(0, 3, frames)
    position = np.stack([0.4 + 0.05 * np.cos(phase) + shift, 0.1 * np.sin(phase), 0.2 + 0 * phase], 1)
    action = np.zeros((frames, 7))
    return EpisodeNumbers(episode, 10.0, position, np.ones(frames), action, action.copy(), np.arange(frames) / 10)


def kinds(numbers: EpisodeNumbers) -> list[str]:
    return [problem.kind for problem in motion_problems(numbers)]


def test_a_clean_episode_has_no_flag():
    assert kinds(moving()) == []
    assert list(compared_problems([moving(k, shift=0.02 * k) for k in range(5)])) == []


def held(numbers: EpisodeNumbers, at: int, frames: int) -> EpisodeNumbers:
    """The same with the arm standing still at a frame."""
    position = np.insert(numbers.position, [at] * frames, numbers.position[at], axis=0)
    count = len(position)
    action = np.zeros((count, 7))
    return replace(
        numbers,
        position=position,
        opening=np.ones(count),
        action=action,
        commanded=action,
        timestamp=np.arange(count) / 10,
    )


@pytest.mark.parametrize(
    ("at", "kind", "words"),
    [
        (0, "idle_head", "first 1.5 s (frames 0 .. 14)"),
        (59, "idle_tail", "last 1.5 s (frames 60 .. 74)"),
        (30, "stall", "for 1.5 s (frames 30 .. 45)"),
    ],
)
def test_standing_still_is_found_where_it_is(at, kind, words):
    assert kinds(held(moving(), at, 9)) == []  # less than a second
    (problem,) = motion_problems(held(moving(), at, 15))
    assert problem.kind == kind
    assert words in problem.detail


def test_a_gripper_that_closes_is_no_stall():
    numbers = held(moving(), 30, 15)
    opening = numbers.opening.copy()
    opening[30:46] = np.linspace(1, 0, 16)
    opening[46:] = 0
    assert kinds(replace(numbers, opening=opening)) == []


def test_an_arm_that_never_moves():
    numbers = replace(moving(), position=np.zeros((60, 3)))
    assert kinds(numbers) == ["stall"]


def test_a_jump_is_found():
    position = moving().position
    position[40:] += 0.2
    (problem,) = motion_problems(replace(moving(), position=position))
    assert (problem.kind, "frame 40" in problem.detail) == ("jump", True)


def test_clipped_commands_are_counted():
    commanded = np.zeros((60, 7))
    commanded[10:20, 0] = 0.2
    (problem,) = motion_problems(replace(moving(), commanded=commanded))
    assert (problem.kind, problem.detail) == ("clipped", "10 of 60 commands were clipped, first at frame 10")
    commanded[12:] = 0
    assert kinds(replace(moving(), commanded=commanded)) == []
    action = np.zeros((60, 7))
    action[5:15, 2] = -0.05
    assert kinds(replace(moving(), action=action, commanded=None)) == ["clipped"]


def test_missing_frames_are_counted():
    times = np.arange(60) / 10
    times[25:] += 0.3
    (problem,) = motion_problems(replace(moving(), timestamp=times))
    assert (problem.kind, problem.detail) == ("missing_frames", "3 frames are missing, most after frame 24")


def test_a_near_duplicate_names_the_other():
    episodes = [moving(0), moving(1, shift=0.05), moving(2, shift=0.001)]
    (problem,) = compared_problems(episodes)
    assert (problem.episode, problem.kind) == (2, "near_duplicate")
    assert "episode 0, 1.0 mm apart" in problem.detail
    assert not list(compared_problems([moving(0), moving(1, frames=80)]))  # the same path at another pace


def test_rough_motion_stands_out():
    episodes = [moving(k, shift=0.02 * k) for k in range(5)]
    shaken = episodes[3].position + 0.004 * np.random.default_rng(0).normal(size=(60, 3))
    episodes[3] = replace(episodes[3], position=shaken)
    assert [(problem.episode, problem.kind) for problem in compared_problems(episodes)] == [(3, "jerk")]


def test_a_set_of_another_robot_is_refused(tmp_path):
    features = {"observation.state": Feature("float32", (6,)), "action": Feature("float32", (6,))}
    with LeRobotWriter(tmp_path / "d", features) as writer:
        writer.add_frame({"observation.state": np.zeros(6), "action": np.zeros(6)}, "go")
        writer.end_episode()
    with pytest.raises(DataError, match=r"observation.state of 17 numbers"):
        check_dataset(Dataset(tmp_path / "d"))
