"""One strip for every source: what is drawn and said of a moment, and panels by their type."""

import json

import numpy as np

from tests.fakes import gated_family
from tests.fakes.robots import seen
from wam_demo.runtime.monitor import PredictionError
from wam_demo.ui.shared.strip import StripMoment, picture, strip_status, strip_tiles
from wam_demo.ui.shared.timeline import Bands, bands_of, chunk_lines, planned_path

OBSERVATION = seen()
(PREDICTION,) = gated_family.GatedPolicy().predict([OBSERVATION], [0])


def moment(**changes) -> StripMoment:
    images = OBSERVATION.images
    values = {
        "episode": 3,
        "now": {camera: picture(7, image) for camera, image in images.items()},
        "imagined": {4: images},
        "imagined_at": 2,
        "errors": {4: PredictionError(2, 6, 0.25, {"front": np.full((8, 8), 0.25, np.float32)})},
        "prediction": PREDICTION,
        "answered": 5,
        "observed": images,
    }
    return StripMoment(**{**values, **changes})


def test_every_picture_has_a_name_a_stamp_and_three_colours():
    tiles = strip_tiles(moment())
    assert set(tiles) == {
        *(f"{view}.{camera}" for view in ("now", "imagined.4", "attention") for camera in ("front", "wrist")),
        "error.4.front",
        *(f"panel.{title}.0.{camera}" for title in ("Shadows", "Interest") for camera in ("front", "wrist")),
        "panel.Above.0.above",
    }
    assert all(tile.draw().dtype == np.uint8 and tile.draw().shape[-1] == 3 for tile in tiles.values())
    later = strip_tiles(moment(answered=6))
    changed = {name for name, tile in tiles.items() if tile.stamp != later[name].stamp}
    assert changed == {name for name in tiles if name.startswith(("attention", "panel"))}


def test_a_view_without_a_picture_shows_nothing_over_it():
    tiles = strip_tiles(moment(observed={"front": OBSERVATION.images["front"]}))
    assert "attention.front" in tiles
    assert not [name for name in tiles if name.endswith("wrist") and name.startswith(("attention", "panel.Interest"))]


def test_the_words_are_json_and_say_each_panel_by_its_type():
    status = json.loads(json.dumps(strip_status(moment(absent={"error": "too early"})), allow_nan=False))
    assert status["errors"] == {"4": {"made": 2, "at": 6, "error": 0.25}}
    assert status["absent"] == {"imagined": "", "attention": "", "error": "too early"}
    assert sum(status["shares"].values()) == 1
    assert {panel["title"]: panel["kind"] for panel in status["panels"]} == {
        "Gate": "band", "Reach and grasp": "chunks", "Shadows": "frames", "Above": "frames",
        "Interest": "heatmap", "Numbers": "scalars",
    }  # fmt: skip


def test_without_a_prediction_only_now_is_there():
    empty = StripMoment(1, {"front": picture(0, OBSERVATION.images["front"])})
    assert set(strip_tiles(empty)) == {"now.front"}
    assert strip_status(empty)["shares"] is None
    assert strip_status(empty)["panels"] == []


def test_named_chunks_begin_where_the_hand_was():
    lines = chunk_lines(PREDICTION, 9, [0.1, 0.0, 0.2])
    assert [(line["name"], line["step"], len(line["path"])) for line in lines] == [("reach", 9, 17), ("grasp", 9, 17)]
    assert lines[0]["path"][0][:3] == [0.1, 0.0, 0.2]
    np.testing.assert_allclose(planned_path(PREDICTION.chunk.actions, opening=0.5)[0], [0, 0, 0, 0.5])


def test_bands_keep_their_newest_values_in_order():
    bands = Bands(most=2)
    for step in (4, 8, 12):
        bands.add(step, PREDICTION)
    (band,) = bands.document(until=16)
    assert (band["title"], band["low"], band["high"], band["until"]) == ("Gate", "reach", "grasp", 16)
    assert [step for step, _ in band["points"]] == [8, 12]
    assert len(bands_of(dict.fromkeys(range(5), PREDICTION), 5)[0]["points"]) == 5
    bands.clear()
    assert bands.document(20) == []
