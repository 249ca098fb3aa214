"""Views project as the simulator's cameras do, and the hand lies in the middle of the one beside it."""

import numpy as np
import pytest
import torch

from tests.models.wam.test_imagination import CALIBRATION
from wam_demo.data.schema import flat_poses
from wam_demo.models.action_images.views import BESIDE_HALF, BESIDE_M, Views, beside_hand
from wam_demo.types import CameraPose, Observation


def test_points_along_a_ray_project_to_its_pixel():
    torch.manual_seed(0)
    views = Views.calibrated(CALIBRATION, torch.eye(17)[3:4] + torch.eye(17)[7:8])
    image = torch.rand(1, 2, 5, 2) * 1.6 - 0.8
    points = views.position[:, :, None] + 0.7 * views.directions(image)
    for camera in range(2):
        back, seen = views.project(points[:, camera])
        assert torch.allclose(back[:, camera], image[:, camera], atol=5e-3)
        assert seen[:, camera].all()


def test_behind_the_camera_nothing_is_seen():
    views = Views(torch.zeros(1, 1, 3), torch.eye(3).expand(1, 1, 3, 3), torch.full((1, 1), 0.5))
    _, seen = views.project(torch.tensor([[[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]]))
    assert seen.flatten().tolist() == [False, True]


def test_numbers_are_in_the_order_of_a_dataset():
    poses = {
        name: CameraPose(np.arange(3), np.arange(9).reshape(3, 3), half)
        for name, half in (("front", 0.2), ("wrist", 0.7))
    }
    numbers = torch.from_numpy(flat_poses(Observation({}, np.zeros(17), "", 0.0, poses))).view(1, 2, 13)
    views = Views.flat(numbers)
    assert views.half.tolist() == [pytest.approx([0.2, 0.7])]
    assert views.rotation[0, 0, 1].tolist() == [3, 4, 5]
    assert torch.equal(views.numbers, numbers)


def test_beside_the_hand_up_is_up_and_forward_is_right():
    tcp = torch.tensor([[0.5, 0.1, 0.2]])
    image, seen = beside_hand(tcp).project(tcp[:, None] + torch.tensor([[0.0, 0, 0], [0.1, 0, 0], [0, 0, 0.1]]))
    far = 0.1 / BESIDE_M / BESIDE_HALF
    assert image[0, 0].flatten().tolist() == pytest.approx([0, 0, far, 0, 0, -far], abs=1e-6)
    assert seen.all()


def test_the_simulator_projects_alike():
    from wam_demo.sim.cameras import project
    from wam_demo.sim.world import World

    world = World("reach")
    world.reset(1)
    points = np.array([[0.5, 0.0, 0.1], [0.45, 0.1, 0.0]])
    numbers = torch.from_numpy(flat_poses(world.observe())).view(1, 2, 13)
    image, _ = Views.flat(numbers).project(torch.tensor(points)[None].float())
    for index, camera in enumerate(("front", "wrist")):
        expected = 2 * project(world.scene.model, world.scene.data, camera, points) - 1
        assert np.allclose(image[0, index].numpy(), expected, atol=1e-4)
    world.close()


def test_a_camera_that_nobody_calibrated_stands_where_it_was_mounted():
    mounted = Views.calibrated(CALIBRATION, torch.eye(17)[3:4] + torch.eye(17)[7:8])
    told = torch.zeros(1, 2, 13)
    told[:, 0] = torch.arange(1.0, 14)
    views = Views.flat(told).or_else(mounted)
    assert torch.equal(views.numbers[:, 0], told[:, 0])
    assert torch.equal(views.numbers[:, 1], mounted.numbers[:, 1])
