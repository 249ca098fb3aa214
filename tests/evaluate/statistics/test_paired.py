"""Two policies on the same scenes: McNemar and Newcombe where no seed returns, seeds as the unit where they do."""

import numpy as np
import pytest
from scipy.stats import permutation_test

from wam_demo.evaluate.statistics.coverage import returning_seeds
from wam_demo.evaluate.statistics.paired import compare_paired, sign_flip
from wam_demo.evaluate.statistics.rates import newcombe_paired, wilson
from wam_demo.evaluate.statistics.seeds import rate_interval


def test_without_returning_seeds_it_is_mcnemar_and_newcombe():
    pairs = [(True, True)] * 3 + [(True, False)] * 6 + [(False, True)] * 16 + [(False, False)]
    found = compare_paired([(seed, *pair) for seed, pair in enumerate(pairs)])
    assert (found.pairs, found.seeds, found.only_first, found.only_second) == (26, 26, 6, 16)
    assert found.p_value == pytest.approx(0.0525, abs=1e-4)  # published
    assert found.interval == newcombe_paired(3, 6, 16, 1)
    assert found.difference == pytest.approx(-10 / 26)


def test_known_p_values():
    assert sign_flip(np.array([-1] * 5)) == pytest.approx(0.0625)
    assert sign_flip(np.zeros(7, int)) == 1
    assert sign_flip(np.array([3, -1])) == pytest.approx(1.0)  # 2 or 4: any signs reach it
    assert sign_flip(np.array([3, 1])) == pytest.approx(0.5)


def test_the_permutation_test_is_the_library_s():
    sums = np.random.default_rng(3).integers(-3, 5, 10)
    found = permutation_test(
        (sums, np.zeros_like(sums)),
        lambda x, y, axis: (x - y).sum(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**10,
    )
    assert sign_flip(sums) == pytest.approx(found.pvalue)


def test_pairs_of_one_seed_are_one_observation():
    """Eight times the same five seeds say no more than once; taken for independent they would be decisive."""
    once = [(seed, True, False) for seed in range(5)]
    eight = compare_paired(once * 8)
    assert (eight.pairs, eight.seeds) == (40, 5)
    assert eight.p_value == compare_paired(once).p_value == pytest.approx(0.0625)


def test_the_interval_widens_where_seeds_return():
    scenes = [(seed, seed % 3 > 0, seed % 3 == 0) for seed in range(12)] * 8
    wide = compare_paired(scenes).interval
    narrow = compare_paired([(i, first, second) for i, (_, first, second) in enumerate(scenes)]).interval
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_one_seed_says_nothing():
    found = compare_paired([(4, True, False)] * 8)
    assert (found.interval.low, found.interval.high, found.p_value) == (-1, 1, 1)


def test_no_scene_is_refused():
    with pytest.raises(ValueError, match="no scene"):
        compare_paired([])


def test_an_interval_of_one_rate_knows_seeds_too():
    scenes = [(seed, seed % 2 == 0) for seed in range(20)]
    once, again = rate_interval(scenes), rate_interval(scenes * 8)
    assert once == wilson(10, 20)
    assert again.high - again.low > 0.9 * (once.high - once.low)


@pytest.mark.parametrize("seeds", [18, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("effect", [0.0, 1.0, 2.0])
def test_tests_and_intervals_keep_their_word_on_returning_seeds(seeds, effect):
    """Equal policies under eight axes, with a seed's effect on one policy; 400 grids, so within two points or so."""
    by_seed, pooled = returning_seeds(effect, seeds, 400, np.random.default_rng(0))
    assert by_seed.rejected <= 0.06
    assert 0.93 <= by_seed.covered <= 0.98
    assert by_seed.decided <= 0.06
    if effect:  # what this guards against
        assert pooled.rejected > 0.08
        assert pooled.covered < 0.91
        assert pooled.decided > 0.08
