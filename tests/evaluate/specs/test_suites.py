"""Suites of unseen settings as conditions of a grid."""

import pytest

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.grid.costs import costs
from wam_demo.evaluate.grid.document import command
from wam_demo.evaluate.specs.evaluation import reference
from wam_demo.evaluate.specs.grid import Cell, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord

SPEC = GridSpec(("hold",), ("reach",), ("seen-position", "unseen-position"), episodes=4)


def record(axis, seed, success):
    return EpisodeRecord(
        "hold", "reach", axis, 0, seed, success, success, 10, "success" if success else "timeout", None, (), ""
    )


def test_parts_have_no_severities():
    spec = SPEC.validated()
    assert spec.cells() == tuple(Cell("hold", "reach", axis, 0) for axis in spec.axes)
    assert "--severity" not in command(spec)
    mixed = GridSpec(("hold",), ("reach",), ("unseen-object", "light"), (1, 3), episodes=1).validated()
    assert [(cell.axis, cell.severity) for cell in mixed.cells()] == [("unseen-object", 0), ("light", 1), ("light", 3)]
    with pytest.raises(UnknownNameError, match="did you mean 'unseen-position'"):
        GridSpec(("hold",), axes=("unseen-positon",)).validated()
    with pytest.raises(InvalidInputError, match="severity"):
        GridSpec(("hold",), axes=("unseen-object", "light"), severities=(9,)).validated()


def test_the_unseen_part_is_compared_with_its_seen_one_on_the_same_seeds():
    assert reference("unseen-object") == "seen-object"
    assert reference("light") == "none"
    assert reference("none") is reference("seen-object") is None
    seeds = SPEC.seeds()
    records = [record("seen-position", seed, True) for seed in seeds]
    records += [record("unseen-position", seed, seed == seeds[0]) for seed in seeds]
    (cost,) = costs(SPEC.validated(), records)
    assert (cost.axis, cost.severity, cost.success.pairs) == ("unseen-position", 0, 4)
    assert cost.success.difference == -0.75
