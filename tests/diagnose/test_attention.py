"""Attention measures on maps whose answers are known."""

import numpy as np
import pytest

from wam_demo.diagnose.attention import area_share, attention_in_mask, centroid, centroid_error


def a_map(*cells):
    values = np.zeros((8, 8), np.float32)
    for cell in cells:
        values[cell] = 1.0
    return values


REGION = {"front": a_map((2, 2), (2, 4)).astype(bool), "wrist": a_map((0, 0)).astype(bool)}


def test_even_attention_is_in_the_mask_as_much_as_the_mask_has_area():
    even = {camera: np.full((8, 8), 0.8 / 128, np.float32) for camera in REGION}
    assert area_share(REGION) == pytest.approx(3 / 128)
    assert attention_in_mask(even, REGION) == pytest.approx(area_share(REGION))


def test_attention_on_both_images_counts_together():
    attention = {"front": 0.3 * a_map((2, 2)), "wrist": 0.1 * a_map((5, 5))}
    assert attention_in_mask(attention, REGION) == pytest.approx(0.75)


def test_centroids():
    np.testing.assert_allclose(centroid(a_map((2, 2), (2, 4))), [2, 3])
    attention = {"front": 0.5 * a_map((6, 6)), "wrist": 0.2 * a_map((0, 2))}
    assert centroid_error(attention, REGION) == pytest.approx((5.0 + 2.0) / 2)
    hidden = {**REGION, "wrist": np.zeros((8, 8), bool)}
    assert centroid_error(attention, hidden) == pytest.approx(5.0)
    with pytest.raises(ValueError, match="no camera shows"):
        centroid_error(attention, dict.fromkeys(REGION, np.zeros((8, 8), bool)))
