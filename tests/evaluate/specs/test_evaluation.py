"""What can be evaluated, and the result document."""

import json

import pytest

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.output import prepare_output, write_results
from wam_demo.evaluate.report.tables import comparison_line, evaluation_table
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS, EpisodeResult, EvaluationSpec, compare, summarise


def results(successes, task="pick_place"):
    return [
        EpisodeResult(task, 500_000 + i, ok, ok, 30, "success" if ok else "timeout") for i, ok in enumerate(successes)
    ]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"policy": "agr"}, UnknownNameError, "did you mean 'agra'"),
        ({"policy": "harmo"}, InvalidInputError, "not shipped yet"),
        ({"task": "pick_plac"}, UnknownNameError, "did you mean 'pick_place'"),
        ({"axis": "lihgt", "severity": 1}, UnknownNameError, "did you mean 'light'"),
        ({"axis": "light"}, InvalidInputError, "severity must be in 1"),
        ({"episodes": 0}, InvalidInputError, "episodes must be in 1"),
        ({"seed": 50}, InvalidInputError, "seed must be in 0"),
        ({"execute": 17}, InvalidInputError, "execute must be in 1"),
        ({"instruction": "x" * 10_000}, InvalidInputError, "10000 characters"),
        ({"policy": "expert", "latency": 2}, InvalidInputError, "without latency"),
    ],
)
def test_conditions_that_cannot_be_run_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        EvaluationSpec(**{"policy": "hold", "task": "pick_place", **changes}).validated()


def test_runs_do_not_share_scenes_and_demonstrations_never_use_them():
    from wam_demo.data.plan import FIRST_SEED

    seeds = [set(EvaluationSpec("hold", "pick_place", episodes=10_000, seed=s).seeds()) for s in (0, 1, 49)]
    assert not (seeds[0] & seeds[1])
    assert max(seeds[2]) == EVALUATION_SEEDS[-1] < FIRST_SEED


def test_the_document_of_an_evaluation():
    specs = [EvaluationSpec("hold", "pick_place", episodes=4).validated()]
    document = summarise(specs, results([True, False, False, False]), "ab12")
    assert (document["n"], document["successes"], document["rate"]) == (4, 1, 0.25)
    assert document["outcomes"] == {"success": 1, "timeout": 3}
    assert document["ci95"][0] < 0.25 < document["ci95"][1]
    assert document["episodes"][1] == {
        "task": "pick_place",
        "seed": 500_001,
        "success": False,
        "success_final": False,
        "steps": 30,
        "outcome": "timeout",
        "fault": None,
    }
    assert "0.250" in evaluation_table([document])


def test_comparison_needs_the_same_scenes():
    first, second = results([True] * 6), results([False] * 6)
    comparison = compare(first, second)
    assert comparison["difference"] == 1.0
    assert comparison["mcnemar_p"] == pytest.approx(2 / 64)
    assert comparison_line("a", "b", comparison).startswith("a - b: +1.000")
    with pytest.raises(ValueError, match="same scenes"):
        compare(first, second[:5])


def test_results_are_written_with_their_schema(tmp_path):
    path = write_results(prepare_output(tmp_path / "new" / "folder"), "eval", {"rate": 0.5})
    assert json.loads(path.read_text()) == {
        "schema": "wam_demo.eval",
        "schema_version": 1,
        "wam_demo_version": pytest.importorskip("wam_demo").__version__,
        "rate": 0.5,
    }
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="cannot write to"):
        prepare_output(tmp_path / "file" / "folder")
