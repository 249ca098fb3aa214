"""Points lie over the place of the picture that they mean."""

import numpy as np
import torch

from tests.models.action_images.test_pictures import DOWN, canvas_at, state_at
from tests.models.wam.test_imagination import CALIBRATION
from wam_demo.models.action_images.pictures import encode, points_of
from wam_demo.models.action_images.views import Views
from wam_demo.policies.action_images.shown import DIM, over


def test_a_point_lies_where_the_camera_sees_it_and_the_picture_is_dimmed_around():
    state = state_at([0.5, 0.05, 0.1], opening=0.0)
    points = points_of(state[:, None, :3], DOWN[None, None])
    drawn = encode(canvas_at(state), points, torch.zeros(1, 1), 16, 0.1)[0]
    image = np.full((128, 128, 3), 100, np.uint8)
    (front,) = over(drawn[0], image, 1.25)
    assert front.shape == (160, 160, 3)
    where, _ = Views.calibrated(CALIBRATION, state).project(points[:, :, 0])
    column, row = ((where[0, 0, 0] + 1) * 64 + 16).tolist()
    seen = np.unravel_index(front[..., 0].argmax(), (160, 160))
    assert np.abs(np.array(seen) - (row, column)).max() < 8  # a pixel of what is drawn is 10 here
    assert front[20, 20].tolist() == [round(DIM * 100)] * 3
    assert front[5, 5].tolist() == [0, 0, 0]


def test_a_view_without_a_camera_shows_the_points_alone():
    drawn = torch.zeros(2, 3, 16, 16)
    drawn[1, 1, 4, 12] = 1
    frames = over(drawn, None, 1.25)
    assert not frames[0].any()
    assert np.unravel_index(frames[1].argmax(), frames[1].shape) == (44, 124, 1)
