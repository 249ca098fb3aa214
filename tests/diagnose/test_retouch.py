"""Disturbed pictures: seeded, bounded, growing with severity."""

import numpy as np
import pytest

from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError

IMAGES = {c: np.random.default_rng(0).integers(60, 200, (64, 64, 3), np.uint8) for c in ("front", "wrist")}


@pytest.mark.parametrize("kind", ["noise", "occlusion", "crop", "light"])
def test_it_grows_with_severity_and_repeats(kind):
    changed = []
    for severity in range(6):
        first = Retouch(**{kind: severity}).apply(IMAGES, 3)
        again = Retouch(**{kind: severity}).apply(IMAGES, 3)
        assert all(np.array_equal(first[c], again[c]) for c in IMAGES)
        assert all(image.shape == (64, 64, 3) and image.dtype == np.uint8 for image in first.values())
        changed.append(float(np.abs(first["front"].astype(float) - IMAGES["front"]).mean()))
    assert changed[0] == 0
    assert changed[5] > changed[2] > 0
    assert Retouch(**{kind: 1}).changes


def test_only_the_front_view_is_covered_and_noise_varies_with_time():
    assert np.array_equal(Retouch(occlusion=5).apply(IMAGES, 0)["wrist"], IMAGES["wrist"])
    noisy = [Retouch(noise=3).apply(IMAGES, step)["front"] for step in (0, 1)]
    assert not np.array_equal(*noisy)
    assert not Retouch().changes


@pytest.mark.parametrize("values", [{"noise": 6}, {"light": -1}, {"crop": 1.5}, {"occlusion": True}, {"noise": "3"}])
def test_severities_are_whole_numbers(values):
    with pytest.raises(InvalidInputError, match="must be a whole number"):
        Retouch(**values).validated()
