"""The curve from what a dream makes of its own latents to how far it is from reality."""

import json

import numpy as np
import pytest

from wam_demo.errors import CheckpointError
from wam_demo.models.wam.dream_error import FILE, KNOTS, DreamErrorCurve


def fitted(slope: float = 0.5) -> DreamErrorCurve:
    rng = np.random.default_rng(0)
    inconsistency = rng.uniform(0, 0.2, 600)
    return DreamErrorCurve.fitted(inconsistency, slope * inconsistency + rng.normal(0, 0.02, 600), "of these")


def test_it_follows_what_was_measured_and_never_falls():
    curve = fitted()
    assert len(curve.error) == KNOTS
    assert (np.diff(curve.error) >= 0).all()
    assert curve.expected(0.1) == pytest.approx(0.05, abs=0.008)
    assert max(fitted(slope=0).error) < 0.02


def test_beyond_what_was_measured_it_stays():
    curve = fitted()
    assert curve.expected(5.0) == curve.error[-1]
    assert curve.expected(0.0) == curve.error[0]


def test_it_is_read_as_it_was_written_and_only_beside_its_own_weights(tmp_path):
    assert DreamErrorCurve.read(tmp_path, "of these") is None
    fitted().save(tmp_path)
    assert DreamErrorCurve.read(tmp_path, "of these") == fitted()
    with pytest.raises(CheckpointError, match="other weights"):
        DreamErrorCurve.read(tmp_path, "of others")


@pytest.mark.parametrize("content", ["no json", "[]", "{}", json.dumps({"inconsistency": [0, 0], "error": [0, 1]})])
def test_a_damaged_file_is_one_line(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(CheckpointError, match=r"dream_error.json is corrupt"):
        DreamErrorCurve.read(tmp_path, "")
