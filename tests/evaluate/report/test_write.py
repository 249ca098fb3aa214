"""The report of a grid: JSON, CSV and one page, from a folder with a journal."""

import csv
import json
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.fakes.grid import SPEC, FakeExecutor
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.evaluate.grid.document import command, grid_document
from wam_demo.evaluate.grid.run import GridRun, read_grid
from wam_demo.evaluate.report.charts import Point, curves, radar
from wam_demo.evaluate.report.page import page
from wam_demo.evaluate.report.write import shown_episodes, write_report

GRID = replace(SPEC, axes=("none", "light", "shove", "camera"), episodes=4)


class FakeReplays:
    def __init__(self, folder):
        self.folder, self.asked = folder, []

    def video(self, record):
        self.asked.append(record)
        path = self.folder / "fake.mp4"
        path.write_bytes(b"mp4")
        return path


class Tags(HTMLParser):
    """Counts tags and fails on one that is not closed in order."""

    VOID = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.urls = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.urls += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def grid(tmp_path):
    with GridRun(GRID, tmp_path / "grid", executor=FakeExecutor()) as run:
        run.start()
        run.wait()
    return tmp_path / "grid"


def test_everything_is_in_the_files(grid, tmp_path):
    replays = FakeReplays(tmp_path)
    report = write_report(grid, videos=3, replays=replays)
    document = json.loads(report.json.read_text())
    assert len(document["cells"]) == len(GRID.cells())
    assert len(document["episodes"]) == GRID.total
    assert document["weights"] == {"hold": None, "expert": None}
    assert len(document["scenes_sha256"]) == 64
    with report.cells_csv.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(GRID.cells())
    assert float(rows[0]["ci95_low"]) <= float(rows[0]["rate"]) <= float(rows[0]["ci95_high"])
    with report.episodes_csv.open() as file:
        assert len(list(csv.DictReader(file))) == GRID.total

    table = report.table.read_text().splitlines()
    assert table[0] == "| `hold` | nominal | 1 | 3 | 5 |"
    assert table[2] == "| `none` | 0/8 (0-32) |  |  |  |"  # both tasks together
    assert len(table) == 2 * (2 + len(GRID.axes)) + 2 * (2 + 9) + 3
    assert len(document["costs"]) == 2 * 9
    assert "What each disturbance costs" in report.html.read_text()

    text = report.html.read_text()
    tags = Tags(text)
    assert tags.seen.count("video") == 6
    assert tags.seen.count("svg") == 4  # a radar and three axes
    assert all(url.startswith("data:") for url in tags.urls)
    assert document["scenes_sha256"] in text
    assert "expert" in text
    assert "script" not in tags.seen


def test_videos_show_the_worst_failures_of_different_cells(grid, tmp_path):
    replays = FakeReplays(tmp_path)
    write_report(grid, videos=3, replays=replays)
    for policy in GRID.policies:
        shown = [record for record in replays.asked if record.policy == policy]
        assert len({record.cell for record in shown}) == 3
        assert not any(record.success for record in shown)


def test_failures_of_any_policy_come_before_successes(grid, tmp_path):
    """Also before those of the policy that is named first, and an episode without a video is passed over."""
    replays = FakeReplays(tmp_path)
    spec, _, records = read_grid(grid)
    best = [replace(r, success=r.policy == "hold" or r.success, success_final=True) for r in records]
    missing = next(record for record in best if record.policy == "expert")
    video = replays.video

    def partly(record):
        if record.key == missing.key:
            raise DataError("no video")
        return video(record)

    replays.video = partly
    shown = [record for record, _ in shown_episodes(spec, best, replays, 4)]
    assert len(shown) == 8
    assert [record.success for record in shown] == sorted(record.success for record in shown)
    assert not shown[0].success


def test_p_values_are_corrected_for_all_conditions(grid, tmp_path):
    report = write_report(grid, videos=0, replays=FakeReplays(tmp_path))
    document = json.loads(report.json.read_text())
    together, *single = document["comparisons"][0]["conditions"]
    assert together["p_holm"] is None
    assert all(row["p_holm"] >= row["p_value"] for row in single)
    worst = max(single, key=lambda row: row["p_holm"] - row["p_value"])
    assert f"<td>{worst['p_holm']:.3g}</td>" in report.html.read_text()
    assert worst["p_holm"] > worst["p_value"]


def test_a_grid_that_has_not_begun_and_a_folder_without_one(tmp_path):
    GridRun(GRID, tmp_path / "empty", executor=FakeExecutor()).close()
    report = write_report(tmp_path / "empty", replays=FakeReplays(tmp_path))
    Tags(report.html.read_text())
    assert "0 of" in report.html.read_text()
    with pytest.raises(InvalidInputError, match="cannot read"):
        write_report(tmp_path / "nothing")


def test_the_command_plays_the_same_grid(monkeypatch):
    from wam_demo.cli import _parser
    from wam_demo.commands import evaluate

    spec = replace(GRID, instruction="take the 'red' one; then stop", linger=4).validated()
    words = shlex.split(command(spec))
    assert words[:3] == ["python", "-m", "wam_demo"]
    assert evaluate._grid(_parser().parse_args(words[3:])) == spec


def test_names_from_outside_cannot_break_the_page():
    name = "<script>alert(1)</script>"
    picture = curves({name: [Point(1, 0.5, 0.4, 0.6)]}, title=name) + radar(
        [name] * 3, {name: [1, None, 0]}, title=name
    )
    assert "<script>" not in picture
    Tags(picture)


def test_the_page_has_a_table_of_what_policies_show_only_when_they_show_something(grid):
    spec, weights, records = read_grid(grid)
    document = grid_document(spec, weights, records)
    heading = "What the policies showed beside their plans"
    assert heading not in page(spec, document, records, [])
    shown = [replace(r, panel_means={"Gate": float(r.success)}) if r.policy == "expert" else r for r in records]
    text = page(spec, document, shown, [])
    Tags(text)
    assert heading in text
    mine = [record.success for record in records if record.policy == "expert" and record.counts]
    row = f"<th>expert</th><th>Gate</th>\n<td>{sum(mine) / len(mine):.4g}</td><td>1</td><td>0</td></tr>"
    assert row in text


def test_the_colours_of_the_policies_are_those_of_the_page():
    from wam_demo.evaluate.report.charts import COLOURS
    from wam_demo.ui.shared.component import UI

    page_css = (UI / "shared" / "page.css").read_text().split("\n.dark")[0]
    robustness = (UI / "robustness" / "robustness.css").read_text()
    for place in range(4):
        token = robustness.split(f"--k{place}: var(--")[1].split(")")[0]
        assert f"--{token}: {COLOURS[place]};" in page_css


def test_it_says_when_on_what_and_what_success_means_with_pictures(grid, tmp_path):
    report = write_report(grid, videos=0, replays=FakeReplays(tmp_path))
    text = report.html.read_text()
    assert "The named object lies in the bowl, let go and at rest." in text
    origin = json.loads(report.json.read_text())["origin"]
    assert {"begun", "hardware", "python", "torch", "mujoco", "wam_demo"} <= set(origin)
    assert origin["hardware"].split(",")[0] in text
    assert text.count('<img alt="') == 3  # the axes that disturb
    assert 'alt="shove at severities 1 to 5"' in text


def test_solved_episodes_are_not_called_failures(grid, tmp_path):
    spec, weights, records = read_grid(grid)
    solved = [replace(record, success=True, success_final=True, outcome="success") for record in records]
    document = grid_document(spec, weights, solved)
    assert "all of these were solved" in page(spec, document, solved, [(solved[0], b"mp4")])
    assert "failures first" in page(spec, document, records, [(records[0], b"mp4")])


def test_a_journal_without_an_origin_is_still_reported(grid, tmp_path):
    journal = grid / "journal.jsonl"
    header, *rest = journal.read_text().splitlines()
    old = {name: value for name, value in json.loads(header).items() if name != "origin"}
    journal.write_text("\n".join([json.dumps(old), *rest, ""]))
    written = write_report(grid, videos=0, replays=FakeReplays(tmp_path)).html.read_text()
    Tags(written)
    assert all(policy in written for policy in old["grid"]["policies"])
