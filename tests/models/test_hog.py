"""The classical control among the teachers, alone and beside another."""

import numpy as np
import pytest
import torch

from wam_demo.errors import InvalidInputError
from wam_demo.models.teacher import load_teacher, load_teachers

CELLS = 8


def test_features_lie_where_the_edges_are():
    image = np.full((128, 128, 3), 90, np.uint8)
    image[36:44, 100:108] = 220  # inside patch row 2, column 6
    features = load_teacher("hog", None).features(torch.from_numpy(image)[None], CELLS)
    assert features.shape == (1, CELLS * CELLS, 36)
    energy = features[0].norm(dim=-1).view(CELLS, CELLS)
    assert divmod(int(energy.argmax()), CELLS) == (2, 6)


def test_a_shift_by_a_patch_shifts_the_features():
    image = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    teacher = load_teacher("hog", None)
    both = torch.from_numpy(np.stack([image, np.roll(image, 16, axis=1)]))
    here, there = teacher.features(both, CELLS).unflatten(1, (CELLS, CELLS))
    torch.testing.assert_close(here[:, 1:-2], there[:, 2:-1], atol=1e-5, rtol=0)
    assert float((here[:, 1:-2] - here[:, 2:-1]).abs().mean()) > 0.01


def test_teachers_are_joined_by_a_plus(tmp_path):
    both = load_teachers("untrained+hog", tmp_path)
    assert {name: teacher.dim for name, teacher in both.items()} == {"untrained": 192, "hog": 36}
    with pytest.raises(InvalidInputError, match="name one twice"):
        load_teachers("hog+hog", tmp_path)
