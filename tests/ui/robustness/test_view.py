"""Counts, intervals and pairs of a grid: what counts, what is pooled, and who is compared with whom."""

from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.ui.robustness.view import ALL, ALL_SEVERITIES, view

SPEC = GridSpec(("expert", "hold"), ("reach",), ("none", "light"), (1, 5), episodes=4)


def record(policy, axis, severity, seed, success, outcome=None, task="reach") -> EpisodeRecord:
    outcome = outcome or ("success" if success else "timeout")
    return EpisodeRecord(policy, task, axis, severity, seed, success, success, 10, outcome, None, (0.1,), "")


def rows(found, **wanted):
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def test_cells_and_their_pools():
    records = [record("expert", "light", 1, seed, seed > 1) for seed in range(4)]
    records += [record("expert", "light", 5, seed, False) for seed in range(4)]
    cells = view(SPEC, records)["cells"]
    (cell,) = rows(cells, axis="light", severity=1)
    assert (cell["n"], cell["k"]) == (4, 2)
    assert 0 < cell["low"] < 0.5 < cell["high"] < 1
    (pooled,) = rows(cells, axis="light", severity=ALL_SEVERITIES)
    assert (pooled["n"], pooled["k"]) == (8, 2)
    (total,) = rows(cells, axis=ALL, severity=ALL_SEVERITIES)
    assert (total["n"], total["k"]) == (8, 2)
    assert {cell["task"] for cell in cells} == {"reach"}


def test_a_simulator_fault_is_neither_success_nor_failure():
    records = [record("expert", "light", 1, 0, True), record("expert", "light", 1, 1, False, "sim_fault")]
    records += [record("hold", "light", 1, seed, False) for seed in range(2)]
    found = view(SPEC, records)
    (cell,) = rows(found["cells"], policy="expert", axis="light", severity=1)
    assert (cell["n"], cell["k"], cell["faults"]) == (1, 1, 1)
    (pair,) = rows(found["pairs"], axis="light", severity=1)
    assert (pair["n"], pair["only_first"]) == (1, 1)


def test_pairs_are_the_same_scenes():
    records = [record("expert", "light", 1, seed, True) for seed in range(4)]
    records += [record("hold", "light", 1, seed, seed == 9) for seed in range(2, 10)]
    (pair,) = rows(view(SPEC, records)["pairs"], axis="light", severity=1)
    assert (pair["first"], pair["second"], pair["n"]) == ("expert", "hold", 2)
    assert pair["difference"] == 1
    assert pair["p"] == 0.5
    assert pair["p_holm"] == 0.5


def test_the_whole_grid_has_a_p_value_that_may_be_watched():
    records = [record("expert", axis, s, seed, True) for axis, s in (("none", 0), ("light", 1)) for seed in range(4)]
    records += [record("hold", axis, s, seed, False) for axis, s in (("none", 0), ("light", 1)) for seed in range(4)]
    pairs = view(SPEC, records)["pairs"]
    (total,) = [pair for pair in pairs if "p_anytime" in pair]
    assert (total["axis"], total["severity"], total["task"], total["n"]) == (ALL, ALL_SEVERITIES, "reach", 8)
    assert total["p"] < total["p_anytime"] <= 1


def test_several_tasks_are_shown_together_and_apart():
    spec = GridSpec(("expert",), ("reach", "push"), ("light",), (1,), episodes=1)
    records = [record("expert", "light", 1, 0, True), record("expert", "light", 1, 0, False, task="push")]
    cells = view(spec, records)["cells"]
    assert {cell["task"] for cell in cells} == {ALL, "reach", "push"}
    assert rows(cells, task=ALL, axis="light", severity=1)[0]["n"] == 2


def test_nothing_played_nothing_shown():
    assert view(SPEC, []) == {"cells": [], "pairs": []}
