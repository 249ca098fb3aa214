"""A live question: the marked cells, the edits, and what the answer says."""

import numpy as np
import pytest

from tests.fakes.prober import GRID, FakeProber
from wam_demo.diagnose.finding import Question, Selection
from wam_demo.policies.probe import run_probe
from wam_demo.types import Observation


def an_observation():
    images = {camera: np.full((32, 32, 3), 51, np.uint8) for camera in GRID.cameras}
    images["front"][8:12, 4:8] = 255  # cell (2, 1) is bright
    return Observation(images, np.zeros(17, np.float32), "go", 0.0)


def ask(selection, prober):
    question = Question.about(selection, GRID, np.random.default_rng(0))
    return question, question.answer(run_probe(prober, an_observation(), question.edits))


def test_a_drag_in_any_direction_marks_the_cells_between_its_ends():
    marked = Selection.between("front", (0.99, 0.30), (0.80, 1.0), 8)
    assert marked == Selection("front", top=2, left=6, bottom=7, right=7)
    assert Selection.between("front", (0.3, 0.3), (0.3, 0.3), 8) == Selection("front", 2, 2, 2, 2)
    assert Selection("wrist", 0, 1, 1, 2).cells(GRID).tolist() == [65, 66, 73, 74]


def test_masking_what_matters_moves_the_plan_and_masking_as_much_elsewhere_does_not():
    weights, looks = np.zeros(128), np.ones(128)
    weights[17], looks[17] = 1.0, 28.0
    question, found = ask(Selection("front", 2, 1, 2, 1), FakeProber(weights, looks))
    assert len(question.edits) == 128 + 1 + 16
    masked = found.masked
    assert masked.shift_m == pytest.approx(0.8 * 63 / 64)  # brightness 1 becomes the view's mean
    assert masked.change == pytest.approx(masked.shift_m)
    assert masked.background_m == 0
    assert masked.looks == pytest.approx(28 / 155)
    assert masked.area == pytest.approx(1 / 128)
    assert masked.actions[0, 0] == pytest.approx(found.actions[0, 0] - masked.shift_m)
    assert np.flatnonzero(GRID.flatten(found.causal)).tolist() == [17]
    assert found.attention["front"][2, 1] == pytest.approx(28 / 155)


def test_a_selection_of_more_than_half_a_view_has_nothing_to_be_compared_with():
    _, found = ask(Selection("front", 0, 0, 5, 7), FakeProber(np.ones(128), np.ones(128)))
    assert found.masked.background_m is None


def test_without_a_selection_there_are_the_maps():
    question, found = ask(None, FakeProber(np.ones(128), np.ones(128)))
    assert len(question.edits) == 128
    assert found.masked is None
    assert found.causal["wrist"].shape == (8, 8)
