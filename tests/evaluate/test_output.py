"""The folder of results, proven writable, and results.json."""

import json

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.output import prepare_output, write_results


def test_results_are_written_with_their_schema(tmp_path):
    path = write_results(prepare_output(tmp_path / "new" / "folder"), "eval", {"rate": 0.5})
    assert json.loads(path.read_text()) == {
        "schema": "wam_demo.eval",
        "schema_version": 2,
        "wam_demo_version": pytest.importorskip("wam_demo").__version__,
        "rate": 0.5,
    }
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="cannot write to"):
        prepare_output(tmp_path / "file" / "folder")
