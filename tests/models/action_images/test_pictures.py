"""Actions drawn into views come back: any pose, any width, also under noise; what lies outside is said."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.models.wam.test_imagination import CALIBRATION
from wam_demo.models.action_images.pictures import (
    ARM_M,
    OPEN_BLUE,
    THRESHOLD,
    actions_to,
    decode,
    encode,
    peaks,
    points_of,
    poses_after,
    vector_of,
)
from wam_demo.models.action_images.views import Views, beside_hand
from wam_demo.models.geometry import rotation_of

SIZE, SIGMA = 16, 0.1
DOWN = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
"""The training poses' rotation: the gripper points down."""


def state_at(position, opening=1.0):
    state = torch.zeros(1, 17)
    state[0, :3], state[0, 3], state[0, 7], state[0, 9] = torch.tensor(position), 1.0, -1.0, opening
    return state


def canvas_at(state):
    return Views.calibrated(CALIBRATION, state).widened(1.25).beside(beside_hand(state[:, :3]))


def drawn(position, rotation, opening, size=SIZE, sigma=SIGMA):
    """Pictures of one pose, at a hand that is 5 cm away from it."""
    canvas = canvas_at(state_at([position[0] - 0.03, position[1] + 0.04, position[2]]))
    position, rotation = torch.tensor(position).view(1, 1, 3), rotation.view(1, 1, 3, 3)
    return canvas, encode(canvas, points_of(position, rotation), torch.full((1, 1), opening), size, sigma)


@settings(max_examples=60, deadline=None)
@given(
    x=some.floats(0.38, 0.62),
    y=some.floats(-0.2, 0.2),
    z=some.floats(0.02, 0.2),
    opening=some.floats(0, 1),
    turn=some.tuples(*[some.floats(-1, 1)] * 3).filter(lambda axis: math.hypot(*axis) > 0.1),
    angle=some.floats(0, math.pi / 3),
    quantised=some.booleans(),
)
def test_a_pose_comes_back(x, y, z, opening, turn, angle, quantised):
    axis = torch.tensor(turn) / math.hypot(*turn)
    rotation = rotation_of(angle * axis) @ DOWN
    canvas, pictures = drawn([x, y, z], rotation, opening)
    found = decode(canvas, (pictures * 255).round() / 255 if quantised else pictures, SIGMA)
    assert float((found.position[0, 0] - torch.tensor([x, y, z])).norm()) < 0.001
    assert float(vector_of(found.rotation[0, 0].T @ rotation).norm()) < math.radians(1)
    assert float(found.opening[0, 0]) == pytest.approx(opening, abs=0.02)
    assert float(found.confidence) > 0.7


def test_noise_costs_millimetres():
    torch.manual_seed(0)
    errors = []
    for place in range(20):
        position = [0.4 + 0.01 * place, -0.15 + 0.015 * place, 0.1]
        canvas, pictures = drawn(position, DOWN, 0.0)
        found = decode(canvas, pictures + 0.02 * torch.randn_like(pictures), SIGMA)
        errors.append((found.position[0, 0] - torch.tensor(position)).norm())
    assert float(torch.stack(errors).median()) < 0.002


@pytest.mark.parametrize("at", [(0.0, 0.0), (0.13, -0.4), (-0.97, 0.2), (0.9, 0.97)])
@pytest.mark.parametrize("wider", [1.0, 1.4])
def test_a_gaussian_of_any_width_is_found_also_one_that_the_border_cuts(at, wider):
    middles = (torch.arange(SIZE) + 0.5) / SIZE * 2 - 1
    across, down = (torch.exp(-((middles - x) ** 2) / (8 * (wider * SIGMA) ** 2)) for x in at)
    image, height = peaks(0.8 * down[:, None] * across, SIGMA)
    cut = max(map(abs, at)) > 0.9  # the expected width then counts for more
    assert (image - torch.tensor(at)).abs().max() * SIZE / 2 < (0.7 if cut else 0.05)  # pixels
    assert float(height) == pytest.approx(0.8, abs=0.12)


def test_what_lies_outside_a_view_is_reported_and_what_two_views_do_not_show_is_not_guessed():
    canvas, pictures = drawn([0.5, 0.0, 0.1], DOWN, 1.0)
    front_alone = pictures.clone()
    front_alone[:, 1:, :, 0] = 0
    found = decode(canvas, front_alone, SIGMA)
    assert found.seen[0, :, 0, 0].tolist() == [True, False, False]
    assert found.position.isnan().all()
    assert float(found.confidence) == 0
    # far behind the front camera, and above the hand's view
    canvas, pictures = drawn([2.0, 0.0, 0.1], DOWN, 1.0)
    assert not decode(canvas, pictures, SIGMA).seen[0, 0].any()


def test_views_that_disagree_are_trusted_less():
    canvas, pictures = drawn([0.5, 0.0, 0.1], DOWN, 1.0)
    apart = pictures.clone()
    apart[:, 0, :, 0] = apart[:, 0, :, 0].roll(2, -2)
    assert float(decode(canvas, apart, SIGMA).confidence) < 0.5 * float(decode(canvas, pictures, SIGMA).confidence)


def test_a_chunk_comes_back_and_stops_where_it_is_not_readable():
    torch.manual_seed(1)
    state = state_at([0.5, 0.0, 0.15])
    actions = torch.cat([0.008 * torch.randn(1, 16, 3), 0.03 * torch.randn(1, 16, 3), torch.rand(1, 16, 1)], -1)
    canvas = canvas_at(state)
    position, rotation = poses_after(state, actions)
    pictures = encode(canvas, points_of(position, rotation), actions[..., 6], SIZE, SIGMA)
    back, followed = actions_to(state, decode(canvas, pictures, SIGMA))
    assert followed.all()
    assert (back - actions).abs()[..., :3].max() < 0.001
    assert (back - actions).abs()[..., 3:6].max() < 0.01
    pictures[:, :, 5:] = 0
    back, followed = actions_to(state, decode(canvas, pictures, SIGMA))
    assert followed[0].tolist() == 5 * [True] + 11 * [False]
    assert (back[0, 5:, :6] == 0).all()
    assert (back[0, 5:, 6] == back[0, 4, 6]).all()


@pytest.mark.parametrize("missing", [range(3), range(4, 7), [2, 5, 6]])
def test_short_gaps_are_bridged_evenly(missing):
    state = state_at([0.5, 0.0, 0.1])
    actions = torch.zeros(1, 16, 7)
    actions[0, :, :6], actions[0, :, 6] = torch.tensor([0.004, -0.003, 0.002, 0.0, 0.0, 0.02]), 1.0
    canvas = canvas_at(state)
    pictures = encode(canvas, points_of(*poses_after(state, actions)), actions[..., 6], SIZE, SIGMA)
    pictures[:, :, list(missing)] = 0
    back, followed = actions_to(state, decode(canvas, pictures, SIGMA))
    assert followed[0].tolist() == [step not in missing for step in range(16)]
    assert (back - actions).abs()[..., :3].max() < 0.001
    assert (back - actions).abs()[..., 3:6].max() < 0.01


@pytest.mark.parametrize("first", [0, 4])
def test_from_a_longer_gap_on_the_arm_holds(first):
    state = state_at([0.5, 0.0, 0.1])
    actions = torch.zeros(1, 16, 7)
    actions[0, :, 0], actions[0, :, 6] = 0.004, 1.0
    canvas = canvas_at(state)
    pictures = encode(canvas, points_of(*poses_after(state, actions)), actions[..., 6], SIZE, SIGMA)
    pictures[:, :, first : first + 4] = 0
    back, followed = actions_to(state, decode(canvas, pictures, SIGMA))
    assert followed[0].tolist() == [step < first for step in range(16)]
    assert (back[0, first:, :6] == 0).all()


def test_the_three_points_are_as_far_apart_as_said():
    points = points_of(torch.zeros(3), DOWN)
    assert points.tolist() == [[0, 0, 0], [pytest.approx(ARM_M), 0, 0], [0, 0, pytest.approx(ARM_M)]]


@pytest.mark.parametrize("angle", [0.0, 1e-5, 0.3, 2.0, 3.1])
def test_rotation_vectors_come_back(angle):
    vector = angle * torch.tensor([0.6, 0.0, -0.8])
    assert torch.allclose(vector_of(rotation_of(vector)), vector, atol=2e-4)


def test_points_that_coincide_are_no_pose():
    canvas, pictures = drawn([0.5, 0.0, 0.1], DOWN, 1.0)
    pictures[:, :, :, 1] = pictures[:, :, :, 0]
    found = decode(canvas, pictures, SIGMA)
    assert found.rotation.isnan().all()
    assert float(found.confidence) == 0
    back, followed = actions_to(state_at([0.5, 0.0, 0.1]), found)
    assert not followed.any()
    assert back.isfinite().all()


def test_the_gap_says_how_far_rays_pass_each_other():
    canvas, pictures = drawn([0.5, 0.0, 0.1], DOWN, 1.0)
    assert float(decode(canvas, pictures, SIGMA).gap) < 0.001
    apart = pictures.clone()
    apart[:, 0, :, 0] = apart[:, 0, :, 0].roll(2, -2)
    assert 0.01 < float(decode(canvas, apart, SIGMA).gap) < 0.1
    pictures[:] = 0
    assert decode(canvas, pictures, SIGMA).gap.isnan().all()


def test_noise_on_the_floor_of_an_open_gripper_is_no_point():
    torch.manual_seed(0)
    canvas, _ = drawn([0.5, 0.0, 0.1], DOWN, 1.0)
    pictures = 0.02 * torch.randn(1, 3, 200, 3, SIZE, SIZE)
    pictures[:, :, :, 2] += OPEN_BLUE
    assert pictures.max() > THRESHOLD
    assert not decode(canvas, pictures, SIGMA).seen.any()
