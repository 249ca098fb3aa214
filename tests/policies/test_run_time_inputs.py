"""Nothing that a learned policy receives at run time comes from the simulator's state.

An observation is recorded from a running simulation and given to the same policy in a process in which no
simulator can be imported; the plan is the same. And an observation itself holds pictures, the robot's own
joints and words: where things stand in the simulator enters it through the pictures alone.
"""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from wam_demo.config import ROOT
from wam_demo.policies.registry import load_policy, policy_specs, require_policy
from wam_demo.types import Observation

ALONE = """
import sys
for name in ("mujoco", "wam_demo.sim", "timm", "gradio"):
    sys.modules[name] = None  # importing it raises
import numpy as np, torch
torch.set_num_threads(1)
from wam_demo.policies.registry import load_policy
from wam_demo.types import CameraPose, Observation
record = np.load(sys.argv[2])
images = {"front": record["front"], "wrist": record["wrist"]}
cameras = {
    name: CameraPose(record[name + "_position"], record[name + "_rotation"], float(record[name + "_half"]))
    for name in images
}
seen = Observation(images, record["state"], str(record["instruction"]), float(record["time"]), cameras)
np.save(sys.argv[3], load_policy(sys.argv[1]).predict([seen], seeds=[3])[0].chunk.actions)
"""


def one_of_each_weights():
    """A policy of each checkpoint that is there: those that share weights read the same inputs."""
    specs = (spec for spec in policy_specs() if spec.has_weights and spec.is_available())
    return list({spec.digest(None): spec.name for spec in reversed(list(specs))}.values())


@pytest.fixture(scope="module")
def world():
    from wam_demo.sim.expert import Expert
    from wam_demo.sim.world import World

    world = World("pick_place")
    world.draw(500_003)
    expert = Expert(world)
    for _ in range(12):
        world.step(expert.act())
    yield world
    world.close()


@pytest.mark.parametrize("name", one_of_each_weights())
def test_a_recorded_observation_gives_the_same_plan_where_no_simulator_exists(name, world, tmp_path):
    import torch

    require_policy(name)
    seen = world.observe()
    record, answer = tmp_path / "observation.npz", tmp_path / "actions.npy"
    told = {f"{camera}_{name}": value for camera, pose in seen.cameras.items() for name, value in vars(pose).items()}
    np.savez(record, state=seen.state, instruction=seen.instruction, time=seen.time, **seen.images, **told)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    live = load_policy(name).predict([seen], seeds=[3])[0].chunk.actions
    torch.set_num_threads(threads)
    subprocess.run([sys.executable, "-c", ALONE, name, str(record), str(answer)], cwd=ROOT, check=True, timeout=240)
    # Another process may round otherwise; reading an action off pictures magnifies that to some micrometres.
    np.testing.assert_allclose(np.load(answer), live, atol=1e-5)


def test_an_observation_has_no_room_for_anything_else(world):
    names = [field.name for field in dataclasses.fields(Observation)]
    assert names == ["images", "state", "instruction", "time", "cameras"]
    assert set(world.observe().images) == {"front", "wrist"}


def test_proprioception_is_the_robots_own_wherever_things_stand(world):
    before, fork = world.state_vector(), world.snapshot()
    for name in ("object0", "object1", "object2", "bowl"):
        world.scene.slide(name, np.array([0.03, -0.02]))
    moved = world.observe()
    np.testing.assert_array_equal(moved.state, before)
    assert moved.instruction == world.instruction
    world.restore(fork)
    assert not np.array_equal(moved.images["front"], world.observe().images["front"])


def test_an_observation_outlives_its_world_and_does_not_follow_it(world):
    fork = world.snapshot()
    seen = world.observe()
    kept = {camera: image.copy() for camera, image in seen.images.items()}, seen.state.copy()
    world.draw(500_004)
    world.observe()
    world.restore(fork)
    for camera, image in kept[0].items():
        np.testing.assert_array_equal(seen.images[camera], image)
    np.testing.assert_array_equal(seen.state, kept[1])
