"""What doubts a dream: how unlike demonstrations it is, and which error goes with how much doubt."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from wam_demo.errors import CheckpointError
from wam_demo.models.wam.doubt import AXES, BLOCK, FILE, KNOTS, DoubtModel, pooled_features

DIM = 96


def demonstrations(seed: int = 0) -> np.ndarray:
    """Frames that differ along a few directions, and a little along all."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(7).normal(size=(AXES // 4, DIM))
    return (3 * rng.normal(size=(400, len(directions))) @ directions + 0.1 * rng.normal(size=(400, DIM))).astype("f4")


def model() -> DoubtModel:
    return DoubtModel.of_demonstrations(demonstrations(), "of these")


def with_curve(slope: float = 0.5) -> DoubtModel:
    rng = np.random.default_rng(0)
    doubt = rng.uniform(0, 0.2, 600)
    return model().with_curve(doubt, slope * doubt + rng.normal(0, 0.02, 600))


def test_what_demonstrations_never_do_is_strange_and_what_they_do_is_not():
    usual = [model().strangeness(each) for each in demonstrations(1)[:20]]
    rng = np.random.default_rng(3)
    strange = [model().strangeness(each + rng.normal(0, 3, DIM).astype("f4")) for each in demonstrations(1)[:20]]
    assert max(usual) < 0.5 * min(strange)


def test_features_are_pooled_over_each_cameras_tokens():
    features = [torch.full((2, 8, 3), float(block)) for block in range(4)]
    features[BLOCK][0, :4], features[BLOCK][0, 4:] = 1.0, 5.0
    pooled = pooled_features(features, 2)
    np.testing.assert_array_equal(pooled[0], [1, 1, 1, 5, 5, 5])
    np.testing.assert_array_equal(pooled[1], [BLOCK] * 6)


def test_the_curve_follows_what_was_measured_and_never_falls():
    curve = with_curve()
    assert len(curve.error) == KNOTS
    assert (np.diff(curve.error) >= 0).all()
    assert curve.expected(0.1) == pytest.approx(0.05, abs=0.008)
    assert with_curve(slope=0).error.max() < 0.02
    assert model().expected(0.1) is None


def test_beyond_what_was_measured_it_stays():
    curve = with_curve()
    assert curve.expected(5.0) == pytest.approx(curve.error[-1])
    assert curve.expected(0.0) == pytest.approx(curve.error[0])


def test_it_is_read_as_it_was_written_and_only_beside_its_own_weights(tmp_path):
    assert DoubtModel.read(tmp_path, "of these") is None
    written = replace(with_curve(), measured={"seed": 3})
    written.save(tmp_path)
    found = DoubtModel.read(tmp_path, "of these")
    assert (found.expected(0.07), found.measured) == (written.expected(0.07), {"seed": 3})
    frame = demonstrations(2)[0]
    assert found.strangeness(frame) == written.strangeness(frame)
    with pytest.raises(CheckpointError, match="other weights"):
        DoubtModel.read(tmp_path, "of others")


def test_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(CheckpointError, match=r"doubt.safetensors is corrupt"):
        DoubtModel.read(tmp_path, "")
    replace(with_curve(), doubt=np.zeros(KNOTS, np.float32)).save(tmp_path)
    with pytest.raises(CheckpointError, match="not a curve"):
        DoubtModel.read(tmp_path, "of these")
