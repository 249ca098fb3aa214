"""Joined statistics are those of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wam_demo.data.statistics import feature_stats, image_stats, join_stats

PARTS = st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=20), min_size=1, max_size=5)


@given(PARTS)
def test_joining_equals_computing_at_once(parts):
    joined = join_stats([{"x": feature_stats(np.asarray(part))} for part in parts])["x"]
    whole = feature_stats(np.concatenate(parts))
    for key in ("min", "max", "mean", "std", "count"):
        np.testing.assert_allclose(joined[key], whole[key], rtol=1e-9, atol=1e-4)
    assert joined["q01"] == min(np.quantile(part, 0.01) for part in parts)
    assert joined["q99"] == max(np.quantile(part, 0.99) for part in parts)


def test_images_are_per_channel_in_unit_range():
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 1] = 255
    stats = image_stats([image, image])
    assert stats["mean"].ravel().tolist() == [0, 1, 0]
    assert stats["mean"].shape == (3, 1, 1)
    assert stats["count"].tolist() == [2]
