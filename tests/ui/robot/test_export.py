"""Downloads of a recording's analysis hold what a family that nothing here knows shows beside its plans."""

import csv
import io
import zipfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.fakes.gated_family import EXPERTS, GATE, GATED, SHADOWS, GatedPolicy
from wam_demo.config import EXAMPLES
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.diagnose.answers import Answers
from wam_demo.diagnose.retouch import Retouch
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording
from wam_demo.types import Frames
from wam_demo.ui.robot.export import export

STEPS, BARE = 6, 2
"""Control steps, and the one at which the policy shows nothing beside its plan."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    path = EXAMPLES / "pick_place.zip"
    found = describe(path)
    with Recording(path, found, guess(found), 0, 0.0, (STEPS - 1) / 10) as recording:
        clip = Clip(folder / "clip", recording)
        clip.load(recording)
    asked = iter(range(STEPS))

    def plan(observations):
        predictions = GatedPolicy().predict(observations, [0] * len(observations))
        return [replace(p, panels={} if next(asked) == BARE else p.panels) for p in predictions]

    answered = Answers(clip, Retouch(), plan, None, folder / "futures")
    answered.run(10, lambda: None)
    return answered


def test_the_table_has_numbers_first_actions_and_the_names_of_pictures(answers, tmp_path):
    with export("table", answers, GATED, tmp_path / "out", "go").open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [answers.prediction(step).panels for step in range(STEPS)]
    assert [bool(panels) for panels in shown] == [step != BARE for step in range(STEPS)]
    for row, panels in zip(rows, shown, strict=True):
        cells = [row[name] for name in ("panels.gate", "panels.reach_and_grasp.reach.y_m", "panels.shadows")]
        if panels:
            reach = panels[EXPERTS].chunks["reach"].actions[0, 1]
            assert cells == [f"{panels[GATE].value:.6g}", f"{reach:.6g}", "frames"]
        else:
            assert cells == ["", "", ""]


def test_the_dataset_has_every_number_and_every_picture(answers, tmp_path):
    with zipfile.ZipFile(export("dataset", answers, GATED, tmp_path / "out", "go")) as archive:
        (table,) = (name for name in archive.namelist() if name.startswith("open_loop/data/"))
        columns = pq.read_table(io.BytesIO(archive.read(table)))
    assert {"panels.shadows.front.0", "panels.shadows.wrist.0", "panels.interest.front"} <= {*columns.column_names}
    gates = np.array(columns["panels.gate"].to_pylist(), np.float32).reshape(-1)
    grasp = np.array(columns["panels.reach_and_grasp.grasp"].to_pylist(), np.float32)
    for step in range(STEPS):
        panels = answers.prediction(step).panels
        if step == BARE:
            assert np.isnan(gates[step])
            assert np.isnan(grasp[step]).all()
        else:
            assert gates[step] == np.float32(panels[GATE].value)
            assert np.array_equal(grasp[step], panels[EXPERTS].chunks["grasp"].actions.reshape(-1))
            assert isinstance(panels[SHADOWS], Frames)
