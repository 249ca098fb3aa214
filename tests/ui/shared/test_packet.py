"""Packets round-trip and carry only what changed."""

import base64
import json

import cv2
import numpy as np
import pytest

from wam_demo.ui.shared.packet import PacketEncoder, Tile, layout, pack


def plain(value: int, size: int = 16) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)


def tile(value: int, stamp: object = 0, size: int = 16) -> Tile:
    return Tile(stamp, lambda: plain(value, size))


def decode(packet: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(packet["image"]), np.uint8)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_layout_fills_rows_without_overlap():
    places = layout([(10, 20), (10, 20), (5, 30)], width=40)
    assert places == [(0, 0), (20, 0), (0, 10)]


def test_pack_puts_every_picture_where_it_says():
    images = {"small": plain(1, 8), "large": plain(2, 24), "other": plain(3, 8)}
    atlas, rectangles = pack(images)
    for name, image in images.items():
        x, y, w, h = rectangles[name]
        assert (atlas[y : y + h, x : x + w] == image).all()


def test_a_packet_round_trips_pictures_within_jpeg_error():
    packet = json.loads(PacketEncoder().encode({"a": tile(40), "b": tile(200)}, {"step": 3}))
    atlas = decode(packet)
    for name, value in (("a", 40), ("b", 200)):
        x, y, w, h = packet["tiles"][name]
        assert atlas[y : y + h, x : x + w].mean() == pytest.approx(value, abs=3)
    assert packet["status"] == {"step": 3}


def test_only_what_changed_is_drawn_and_sent():
    encoder, drawn = PacketEncoder(), []

    def noted(stamp: int) -> Tile:
        return Tile(stamp, lambda: drawn.append(stamp) or plain(stamp))

    encoder.encode({"a": noted(1), "b": noted(1)}, {})
    packet = json.loads(encoder.encode({"a": noted(1), "b": noted(2)}, {}))
    assert list(packet["tiles"]) == ["b"]
    assert drawn == [1, 1, 2]
    assert "image" not in json.loads(encoder.encode({"a": noted(1), "b": noted(2)}, {}))


def test_charts_travel_only_when_their_stamp_changes():
    encoder = PacketEncoder()
    assert "track" in json.loads(encoder.encode({}, {}, {"past": []}, 1))
    assert "track" not in json.loads(encoder.encode({}, {}, {"past": []}, 1))
    assert "track" in json.loads(encoder.encode({}, {}, {"past": []}, 2))


def test_numbers_that_json_does_not_know_never_travel():
    with pytest.raises(ValueError, match="JSON"):
        PacketEncoder().encode({}, {"error": float("nan")})


def test_a_export_is_sent_once_and_one_of_an_earlier_stream_never():
    encoder, old, new = PacketEncoder(), {"number": 1, "kind": "log"}, {"number": 2, "kind": "log"}
    sent = [json.loads(encoder.encode({}, {}, export=export)).get("export") for export in (old, old, new, new)]
    assert sent == [None, None, new, None]
