"""Panels become plain values and come back equal, through msgpack and through JSON; nothing else does."""

import base64
import json

import msgpack
import numpy as np
import pytest

from tests.fakes.gated_family import GatedPolicy
from tests.fakes.robots import seen
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.checks import check_prediction
from wam_demo.policies.panels import MAX_PANELS, MAX_SIDE, decode_panels, encode_panels
from wam_demo.types import ActionChunk, Band, Chunks, Frames, Heatmap, Prediction, Scalars


def assert_equal_panels(first, second):
    """Panels hold arrays, which `==` does not compare."""
    np.testing.assert_equal(_plain(first), _plain(second))


def _plain(panels):
    def plain(value):
        if isinstance(value, ActionChunk):
            return value.actions
        if hasattr(value, "items"):
            return {name: plain(entry) for name, entry in value.items()}
        return value

    return {t: (type(p).__name__, {name: plain(value) for name, value in vars(p).items()}) for t, p in panels.items()}


@pytest.mark.parametrize(
    "there_and_back",
    [lambda plain: json.loads(json.dumps(plain)), lambda plain: msgpack.unpackb(msgpack.packb(plain))],
)
def test_every_kind_comes_back_equal(there_and_back):
    panels = GatedPolicy().predict([seen()], [3])[0].panels
    assert {type(panel) for panel in panels.values()} == {Band, Chunks, Frames, Heatmap, Scalars}
    assert_equal_panels(decode_panels(there_and_back(encode_panels(panels))), panels)


BAND = {"kind": "band", "value": 0.5, "low": "a", "high": "b"}
BROKEN = {
    "unknown kind": {"x": {"kind": "bnd"}},
    "no map": [1],
    "no panel": {"x": 3},
    "no title": {"": BAND},
    "long title": {"x" * 81: BAND},
    "too many": {str(i): BAND for i in range(MAX_PANELS + 1)},
    "band beyond 1": {"x": {**BAND, "value": 1.5}},
    "band not a number": {"x": {**BAND, "value": float("nan")}},
    "band without words": {"x": {"kind": "band", "value": 0.5}},
    "chunk of another shape": {"x": {"kind": "chunks", "chunks": {"a": [[0.0] * 7] * 3}}},
    "chunk that is ragged": {"x": {"kind": "chunks", "chunks": {"a": [[0.0] * 7, [1.0]]}}},
    "negative heat": {"x": {"kind": "heatmap", "grids": {"front": [[-1.0]]}}},
    "empty heat": {"x": {"kind": "heatmap", "grids": {"front": []}}},
    "large heat": {"x": {"kind": "heatmap", "grids": {"front": [[0.0] * 65]}}},
    "infinite number": {"x": {"kind": "scalars", "values": {"a": float("inf")}}},
    "picture that is none": {"x": {"kind": "frames", "images": {"front": ["!"]}, "steps": [0]}},
    "picture that is text": {"x": {"kind": "frames", "images": {"front": ["aGVsbG8="]}, "steps": [0]}},
    "no picture": {"x": {"kind": "frames", "images": {"front": []}, "steps": []}},
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_what_is_no_panel_is_refused_in_one_line(value):
    with pytest.raises(InvalidInputError) as refusal:
        decode_panels(value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_kind_names_the_closest():
    with pytest.raises(InvalidInputError, match="unknown panel kind 'bnd': did you mean 'band'"):
        decode_panels({"x": {"kind": "bnd"}})


def test_a_large_picture_is_refused_before_it_is_decoded():
    import cv2

    encoded, png = cv2.imencode(".png", np.zeros((4 * MAX_SIDE, 4 * MAX_SIDE, 3), np.uint8))
    assert encoded
    text = base64.b64encode(png.tobytes()).decode()
    with pytest.raises(InvalidInputError, match="2048 x 2048 pixels"):
        decode_panels({"x": {"kind": "frames", "images": {"front": [text]}, "steps": [0]}})


@pytest.mark.parametrize(
    "panel", [Band(2.0, "a", "b"), Frames({"front": np.zeros((1, 8, 8, 3), np.float32)}), "a string", None]
)
def test_a_policy_with_an_unusable_panel_is_at_fault(panel):
    prediction = Prediction(ActionChunk(np.zeros((16, 7), np.float32)), panels={"x": panel})
    with pytest.raises(PolicyFault, match="'x'"):
        check_prediction(prediction)
