"""Edits of video tokens: where each token comes from."""

import numpy as np
import pytest

from wam_demo.policies.tokens import TokenGrid

GRID = TokenGrid(("front", "wrist"), 4)
CELLS = np.array([1, 2, 5, 17, 30])


def test_maps_and_vectors_are_two_views_of_the_same():
    values = np.arange(32.0)
    maps = GRID.split(values)
    assert maps["wrist"][0, 1] == 17
    np.testing.assert_array_equal(GRID.flatten(maps), values)
    assert (GRID.frame, GRID.count) == (16, 32)


def test_zero_and_mean_touch_the_cells_and_nothing_else():
    others = np.setdiff1d(np.arange(32), CELLS)
    for edit in (GRID.zero(CELLS), GRID.mean(CELLS)):
        np.testing.assert_array_equal(edit[others], others)
    assert set(GRID.zero(CELLS)[CELLS]) == {32}
    assert GRID.mean(CELLS)[CELLS].tolist() == [33, 33, 33, 34, 34]


def test_shuffle_leaves_no_token_in_its_place_and_none_in_another_view():
    for seed in range(20):
        edit = GRID.shuffle(CELLS, np.random.default_rng(seed))
        assert sorted(edit) == list(range(32))
        assert (edit[CELLS] != CELLS).all()
        assert (GRID.camera_of(edit) == GRID.camera_of(np.arange(32))).all()


def test_a_cell_alone_in_its_view_stays():
    edit = GRID.shuffle(np.array([3, 20]), np.random.default_rng(0))
    np.testing.assert_array_equal(edit, GRID.keep())


def test_swap_exchanges():
    edit = GRID.swap(np.array([1, 2]), np.array([9, 8]))
    assert edit[[1, 2, 9, 8]].tolist() == [9, 8, 1, 2]
    np.testing.assert_array_equal(edit[edit], GRID.keep())


@pytest.mark.parametrize(
    "edits",
    [np.zeros((2, 31), int), np.zeros(32, int), np.zeros((2, 32)), np.full((1, 32), 35), np.full((1, 32), -1)],
)
def test_what_is_no_edit_is_refused(edits):
    with pytest.raises(ValueError, match=r"edits must be|names a source"):
        GRID.check(edits)
    assert GRID.check(GRID.keep()[None].astype(np.int32)).dtype == np.int64
