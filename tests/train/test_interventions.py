"""A person's corrections weigh more, the mistakes before them nothing."""

import numpy as np
import pytest

from wam_demo.train.interventions import draw_weights


def test_where_nobody_took_over_all_frames_are_alike():
    episode = np.repeat([0, 1], [30, 20])
    for person in (np.zeros(50, bool), np.ones(50, bool), np.repeat([True, False], [30, 20])):
        np.testing.assert_allclose(draw_weights(person, episode, 10), np.full(50, 0.02))


@pytest.mark.parametrize(("fps", "before"), [(10, 16), (20, 32)])
def test_corrections_have_half_of_the_draws_and_mistakes_none(fps, before):
    episode = np.repeat([0, 1], [100, 100])
    person = np.zeros(200, bool)
    person[140:150] = True
    weights = draw_weights(person, episode, fps)
    assert weights.sum() == pytest.approx(1)
    assert weights[person].sum() == pytest.approx(0.5)
    assert (weights[140 - before : 140] == 0).all()
    rest = np.delete(weights, np.arange(140 - before, 150))
    np.testing.assert_allclose(rest, rest[0])
    assert 0 < rest[0] < weights[145]


def test_a_mistake_does_not_reach_into_another_episode():
    person = np.repeat([False, True, False], [10, 5, 5])
    weights = draw_weights(person, np.repeat([0, 1], [8, 12]), 10)
    assert (weights[:8] > 0).all()
    assert (weights[8:10] == 0).all()


def test_a_second_takeover_leaves_the_first_one_in():
    person = np.zeros(60, bool)
    person[30:34] = person[40:45] = True
    weights = draw_weights(person, np.zeros(60, int), 10)
    assert (weights[person] > 0).all()
    assert (weights[34:40] == 0).all()
