"""Poses come back from pictures of them, and what two views do not show is not guessed."""

import json
import math
from dataclasses import replace

import pytest
import torch

from wam_demo.diagnose import round_trip as module
from wam_demo.diagnose.round_trip import round_trip
from wam_demo.models.action_images.model import ActionImagesConfig
from wam_demo.models.geometry import CalibratedCamera, Calibration
from wam_demo.models.wam.backbone import BackboneConfig

A, B = math.radians(38), math.radians(28)
"""How steeply front and wrist camera look down."""
FRONT = CalibratedCamera((1.1, 0, 0.9), (0, -math.cos(A), math.sin(A), 1, 0, 0, 0, math.sin(A), math.cos(A)), 0.27)
WRIST = CalibratedCamera((0.08, 0, -0.09), (0, math.cos(B), math.sin(B), 1, 0, 0, 0, math.sin(B), -math.cos(B)), 0.75)
CONFIG = ActionImagesConfig(BackboneConfig(), Calibration(FRONT, WRIST))
BOX = torch.tensor([[0.25, -0.4, 0.01], [0.8, 0.4, 0.45]])


@pytest.fixture(scope="module")
def found():
    return round_trip(CONFIG, BOX, 300, seed=0)


def test_errors_grow_with_what_happens_on_the_way(found):
    json.dumps(found, allow_nan=False)
    ways = found["ways"]
    assert list(ways) == ["exact", "eight_bit", "noise_2_percent"]
    errors = [way["position_mm"]["p95"] for way in ways.values()]
    assert errors == sorted(errors)
    assert errors[0] < 0.01
    assert errors[1] < 0.5
    assert 0.3 < errors[2] < 5
    assert all(way["decoded"] > 0.97 for way in ways.values())
    assert ways["exact"]["rotation_deg"]["p95"] < 0.01
    assert ways["exact"]["opening"]["p95"] < 0.001


def test_what_two_views_do_not_show_is_counted_and_not_guessed(found):
    assert 0.3 < found["shown_by_two"] < 0.95
    assert found["shown_by"]["wrist"] < found["shown_by"]["beside"]
    assert found["ways"]["exact"]["guessed"] == found["ways"]["eight_bit"]["guessed"] == 0


def test_a_decoder_that_guesses_is_found_out(monkeypatch):
    honest = module.decode

    def guessing(views, pictures, sigma):
        found = honest(views, pictures, sigma)
        return replace(found, confidence=torch.ones_like(found.confidence))

    monkeypatch.setattr(module, "decode", guessing)
    found = round_trip(CONFIG, BOX, 100, seed=0)
    assert found["ways"]["exact"]["guessed"] == round(100 * (1 - found["shown_by_two"])) > 0
