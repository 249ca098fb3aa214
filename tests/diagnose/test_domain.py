"""The verdict on a recording's domain: where imagination beats the last frame, and where nothing can be told."""

import pytest

from wam_demo.diagnose.domain import STILL_DB, domain_verdict


@pytest.mark.parametrize(
    ("imagined", "kept", "verdict", "better"),
    [
        ([28, 27, 26, 29], [22, 21, 23, 22], "inside", 4),
        ([20, 19, 18, 21], [22, 21, 23, 22], "outside", 0),
        ([40, 20, 20, 20], [22, 21, 23, 22], "unclear", 1),  # one lucky moment makes no domain
        ([28, 27, 26, 10], [22, 21, 23, 22], "inside", 3),
    ],
)
def test_mean_and_moments_must_agree(imagined, kept, verdict, better):
    found = domain_verdict(imagined, kept)
    assert (found["verdict"], found["better"], found["moments"]) == (verdict, better, 4)
    assert found["gain_db"] == pytest.approx(sum(imagined) / 4 - sum(kept) / 4)


def test_moments_in_which_nothing_moves_do_not_count():
    found = domain_verdict([28.0, 30.0], [22.0, STILL_DB + 10])
    assert (found["verdict"], found["moments"], found["gain_db"]) == ("inside", 1, 6.0)
    still = domain_verdict([30.0], [STILL_DB + 10])
    assert (still["verdict"], still["gain_db"]) == ("still", None)


def test_without_imagination_there_is_no_verdict():
    assert domain_verdict([], []) is None
