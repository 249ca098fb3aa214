"""Pearson's r and the mean maximum rank violation, against values computed by hand."""

import numpy as np
import pytest

from wam_demo.evaluate.statistics.ranking import agreement, mean_maximum_rank_violation, pearson


def test_the_same_order_violates_nothing():
    real = np.array([0.1, 0.5, 0.9])
    assert mean_maximum_rank_violation(real, real) == 0
    assert mean_maximum_rank_violation(real / 3 + 0.2, real) == 0
    assert pearson(real / 3 + 0.2, real) == pytest.approx(1)


def test_one_swap_costs_both_what_lies_between_them():
    # 0 and 1 are swapped, 0.2 apart in reality; 2 is ranked rightly against both: (0.2 + 0.2 + 0) / 3
    real, estimated = np.array([0.4, 0.6, 1.0]), np.array([0.5, 0.3, 0.8])
    assert mean_maximum_rank_violation(estimated, real) == pytest.approx(0.4 / 3)


def test_the_largest_violation_of_a_policy_counts_and_not_their_sum():
    # reversed order: policy 0 violates 0.3 and 1.0, policy 1 violates 0.3 and 0.7, policy 2 violates 1.0 and 0.7
    real, estimated = np.array([0.0, 0.3, 1.0]), np.array([0.9, 0.5, 0.1])
    assert mean_maximum_rank_violation(estimated, real) == pytest.approx((1.0 + 0.7 + 1.0) / 3)
    assert pearson(estimated, real) == pytest.approx(np.corrcoef(estimated, real)[0, 1])


def test_a_tie_of_the_estimate_violates_from_one_side_and_one_of_reality_costs_nothing():
    assert mean_maximum_rank_violation(np.array([0.5, 0.5]), np.array([0.2, 0.6])) == pytest.approx(0.4 / 2)
    assert mean_maximum_rank_violation(np.array([0.2, 0.6]), np.array([0.5, 0.5])) == 0
    assert np.isnan(pearson(np.array([0.5, 0.5]), np.array([0.2, 0.6])))
    assert agreement(np.ones((2, 3), bool), np.eye(2, 3, dtype=bool), np.arange(3)).pearson is None


def test_intervals_hold_the_estimate_and_resample_what_they_say():
    rng = np.random.default_rng(1)
    rates = np.linspace(0, 1, 6)
    real = rng.random((6, 40)) < rates[:, None]
    estimated = rng.random((6, 40)) < rates[:, None]
    found = agreement(estimated, real, np.arange(40))
    assert found.policies == 6
    for value, intervals in (
        (found.pearson, (found.pearson_ci95, found.pearson_ci95_policies)),
        (found.mmrv, (found.mmrv_ci95, found.mmrv_ci95_policies)),
    ):
        for low, high in intervals:
            assert low <= value <= high
    same = agreement(real, real, np.arange(40))
    assert same.pearson == pytest.approx(1)
    assert same.pearson_ci95 == pytest.approx((1, 1))
    assert same.mmrv_ci95 == (0, 0)
    # one seed alone says nothing about other scenes: nothing varies when it is drawn again
    assert agreement(estimated, real, np.zeros(40, int)).pearson_ci95 == pytest.approx((found.pearson,) * 2)
