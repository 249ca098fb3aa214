"""Randomised renders: labels agree with each other and with the picture."""

import numpy as np

from wam_demo.sim.randomised import THINGS, centre_offsets, randomised_frames
from wam_demo.sim.segments import SEGMENTS


def test_labels_are_consistent():
    frames = list(randomised_frames(3, scenes=2, frames_per_scene=3))
    assert len(frames) == 6
    for frame in frames:
        assert frame["image"].shape == (128, 128, 3)
        assert frame["segment"].max() < len(SEGMENTS)
        things = np.isin(frame["segment"], THINGS)
        np.testing.assert_array_equal(things, frame["instance"] > 0)
        assert (frame["offset"][~things] == 0).all()
        assert (frame["colour"][~things] == 0).all()
        assert (frame["depth"] > 0.005).all()
        assert frame["depth"].min() < 2
    assert any((frame["segment"] == SEGMENTS.index("gripper")).any() for frame in frames)


def test_same_seed_same_frames():
    first, second = (next(randomised_frames(8, 1, 1)) for _ in range(2))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_offsets_point_to_the_centre():
    instance = np.zeros((128, 128), np.uint16)
    instance[10:21, 40:61] = 3
    offset = centre_offsets(instance, 5)
    np.testing.assert_allclose(offset[10, 40], [10, 5])
    np.testing.assert_allclose(offset[20, 60], [-10, -5])
    assert (offset[0] == 0).all()
