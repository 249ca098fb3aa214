"""How many scenes a difference needs: against simulation, and what is out of range."""

import numpy as np
import pytest

from wam_demo.evaluate.statistics.paired import compare_paired
from wam_demo.evaluate.statistics.power import detectable_difference, scenes_needed


def test_the_promised_power_is_what_the_test_has():
    """Two policies with correlated successes, 0.8 and what is detectable below it."""
    scenes, correlation = 100, 0.3
    other = 0.8 - detectable_difference(scenes, base_rate=0.8, correlation=correlation)
    both = 0.8 * other + correlation * np.sqrt(0.8 * 0.2 * other * (1 - other))
    rng, found = np.random.default_rng(0), []
    for _ in range(400):
        kind = rng.choice(4, scenes, p=[both, 0.8 - both, other - both, 1 - 0.8 - other + both])
        rows = [(seed, int(k) < 2, int(k) in (0, 2)) for seed, k in enumerate(kind)]
        found.append(compare_paired(rows).p_value <= 0.05)
    assert 0.7 <= np.mean(found) <= 0.86  # the exact test is a little conservative


def test_scenes_and_differences_agree():
    for scenes in (20, 50, 200):
        difference = detectable_difference(scenes)
        assert scenes_needed(difference) == pytest.approx(scenes, abs=1)
        assert scenes_needed(difference / 2) > 2 * scenes


def test_more_scenes_conditions_and_correlation_show_smaller_differences():
    assert detectable_difference(100) < detectable_difference(50)
    assert (
        detectable_difference(50, conditions=24) < detectable_difference(50, conditions=8) < detectable_difference(50)
    )
    assert detectable_difference(50, correlation=0.6) < detectable_difference(50, correlation=0.0)


def test_conditions_that_are_all_alike_are_worth_one():
    assert detectable_difference(50, conditions=24, seed_correlation=1.0) == pytest.approx(detectable_difference(50))


def test_too_few_scenes_show_nothing():
    assert detectable_difference(1) is None


@pytest.mark.parametrize(("difference", "base_rate"), [(0, 0.8), (0.9, 0.8), (0.1, 0), (0.1, 1)])
def test_what_cannot_be_is_refused(difference, base_rate):
    with pytest.raises(ValueError, match="must lie between"):
        scenes_needed(difference, base_rate=base_rate)
