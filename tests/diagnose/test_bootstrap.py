"""Bootstrap intervals: they cover, they shrink, they use pairs."""

import numpy as np
import pytest

from wam_demo.diagnose.bootstrap import difference_interval, ratio_interval


def sample(n, seed=0):
    rng = np.random.default_rng(seed)
    denominator = rng.uniform(0.5, 1.5, n)
    return 3.0 * denominator + rng.normal(0, 0.6, n), denominator


def test_the_interval_of_a_ratio_covers_it_at_about_its_level():
    covered = sum(low <= 3.0 <= high for low, high in (ratio_interval(*sample(20, seed)) for seed in range(40)))
    assert 33 <= covered <= 40


def test_more_episodes_give_a_narrower_interval_around_the_value():
    few, many = ratio_interval(*sample(10)), ratio_interval(*sample(200))
    assert many[1] - many[0] < few[1] - few[0]
    numerator, denominator = sample(200)
    assert many[0] < numerator.sum() / denominator.sum() < many[1]
    assert ratio_interval(*sample(10)) == few


def test_a_paired_difference_is_sharper_than_its_parts():
    first = sample(20)
    second = (first[0] - 0.2 * first[1], first[1])
    low, high = difference_interval(first, second)
    assert low == pytest.approx(0.2)
    assert high == pytest.approx(0.2)
    noisy = (second[0] + np.random.default_rng(1).normal(0, 0.05, 20), second[1])
    low, high = difference_interval(first, noisy)
    assert low < 0.2 < high
    one = ratio_interval(*first)
    assert high - low < 0.5 * (one[1] - one[0])


def test_values_that_do_not_vary_have_no_width_and_one_episode_has_no_interval():
    assert ratio_interval(np.ones(5), np.full(5, 2.0)) == (0.5, 0.5)
    with pytest.raises(ValueError, match="at least two"):
        ratio_interval(np.ones(1), np.ones(1))
