"""The gate against its labels: offsets of switches, figures, the picture, and a whole dataset."""

import numpy as np
import pytest

from wam_demo.diagnose.gate import GateTrace, gate_document, gate_traces, offsets_s, switches
from wam_demo.diagnose.gate_picture import INTERACTION, LEFT, SIDE, TILES, TRANSIT, gate_picture
from wam_demo.errors import InvalidInputError


def labelled(*ones, length=40):
    label = np.zeros(length, bool)
    for first, last in ones:
        label[first:last] = True
    return label


def trace(probability, label):
    return GateTrace(np.asarray(probability, float), label)


def test_a_switch_is_matched_with_the_closest_one_of_its_direction():
    label, gate = labelled((10, 20)), labelled((12, 15), (17, 30))
    assert switches(label) == [(10, True), (20, False)]
    assert offsets_s(label, gate) == pytest.approx([0.2, 0.5])
    assert offsets_s(gate, label) == pytest.approx([0.2, 0.5, 0.7, 1.0])
    assert offsets_s(label, labelled()) == [np.inf, np.inf]
    assert offsets_s(labelled(), gate) == []


def test_figures():
    label = labelled((10, 20))
    late, perfect = labelled((12, 20)), label
    found = gate_document([trace(late, label), trace(perfect, label)])
    assert found["accuracy"] == pytest.approx(78 / 80)
    assert found["accuracy_ci95"][0] < found["accuracy"] <= found["accuracy_ci95"][1]
    assert found["majority"] == 0.75
    assert (found["switches"], found["gate_switches"]) == (4, 4)
    assert found["on_time"] == found["called_for"] == 1
    never = gate_document([trace(np.zeros(40), label)] * 2)
    assert (never["accuracy"], never["on_time"], never["called_for"], never["offset_s"]) == (0.75, 0, None, None)


def test_the_picture_shows_what_was_said_and_what_was_labelled():
    label = labelled((0, 20))
    probability = np.r_[np.zeros(20), np.ones(20)]
    frames = [np.full((128, 128, 3), step, np.uint8) for step in range(40)]
    picture = gate_picture(frames, trace(probability, label))
    assert picture[10, LEFT + 10].tolist() == [2] * 3  # the middle of the first eighth
    width = TILES * SIDE
    rows = {}
    for side, across in (("early", LEFT + width // 4), ("late", LEFT + 3 * width // 4)):
        column = [tuple(pixel) for pixel in picture[SIDE:, across].tolist()]
        rows[side] = [colour for colour in column if colour in (INTERACTION, TRANSIT)]
    half = len(rows["early"]) // 2
    assert rows["early"] == [TRANSIT] * half + [INTERACTION] * half
    assert rows["late"] == [INTERACTION] * half + [TRANSIT] * half


def test_every_frame_of_a_dataset_is_asked_about_with_its_own_pictures(tmp_path):
    from wam_demo.data.collect import collect
    from wam_demo.data.lerobot import Dataset

    collect({"reach": 1.0}, 2, tmp_path / "data", seed=7, processes=1, every=1, noise=0.0)
    dataset, asked = Dataset(tmp_path / "data"), []

    def gate(observations):
        asked.extend(observations)
        return np.array([observation.state[2] < 0.09 for observation in observations], float)

    traces = list(gate_traces(gate, dataset))
    assert [len(one.label) for one in traces] == np.diff(dataset.episode_bounds).ravel().tolist()
    states = dataset.column("observation.state")
    for row in (0, len(traces[0].label), len(states) - 1):
        assert np.array_equal(asked[row].state, states[row])
        assert asked[row].instruction == dataset.instructions[row]
    first = next(dataset.iter_images("front"))
    assert np.array_equal(asked[0].images["front"], first)
    low = np.concatenate([one.says for one in traces])
    assert (np.concatenate([one.label for one in traces])[low]).all()  # what is low is interaction


def test_other_datasets_are_refused(tmp_path):
    from types import SimpleNamespace

    for features, fps in (({}, 10), ({"expert_chunk": None}, 2.5)):
        with pytest.raises(InvalidInputError, match="demos --every 1"):
            list(gate_traces(lambda _: None, SimpleNamespace(root=tmp_path, features=features, fps=fps)))
