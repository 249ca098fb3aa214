"""Panels of several predictions become the same columns, whatever each of them shows."""

import numpy as np
import pytest

from wam_demo.diagnose.panel_columns import PanelColumns, cells, numbers, pictures
from wam_demo.types import ActionChunk, Band, Frames, Heatmap, Prediction, Scalars

CHUNK = ActionChunk(np.zeros((16, 7), np.float32))


def showing(**panels) -> Prediction:
    return Prediction(CHUNK, panels={title.replace("_", " "): panel for title, panel in panels.items()})


def test_a_panel_that_comes_later_is_a_column_and_what_is_not_there_is_missing():
    shown = [cells(p) for p in (showing(), showing(Gate=Band(0.5, "a", "b")), showing(Size=Scalars({"d [m]": 2.0})))]
    columns = PanelColumns(shown)
    assert list(columns.first) == ["panels.gate", "panels.size.d_m"]
    assert [list(columns.row(values, "").values()) for values in shown] == [["", ""], [0.5, ""], ["", 2.0]]


def test_titles_that_differ_in_signs_alone_keep_a_column_each():
    one, other = Prediction(CHUNK, panels={"Gate": Band(0.25, "a", "b"), "gate!": Band(0.75, "a", "b")}), showing()
    columns = PanelColumns([cells(one), cells(other)])
    assert columns.row(cells(one), "") == {"panels.gate": 0.25, "panels.gate_2": 0.75}


@pytest.mark.parametrize(
    ("read", "first", "other", "missing"),
    [
        (
            numbers,
            Heatmap({"front": np.ones((2, 3), np.float32)}),
            Heatmap({"front": np.ones((4, 4), np.float32)}),
            np.full(6, np.nan),
        ),
        (
            pictures,
            Frames({"front": np.ones((1, 2, 3, 3), np.uint8)}),
            Frames({"front": np.ones((1, 4, 4, 3), np.uint8)}),
            np.zeros((2, 3, 3)),
        ),
    ],
)
def test_an_array_of_another_shape_is_missing(read, first, other, missing):
    rows = [read(showing(Map=first)), read(showing(Map=other))]
    columns = PanelColumns(rows)
    (value,) = columns.row(rows[1], missing.flat[0]).values()
    assert np.array_equal(value, missing, equal_nan=True)
    (kept,) = columns.row(rows[0], 0).values()
    assert (kept == 1).all()
