"""Colours of attention and error."""

import numpy as np

from wam_demo.ui.shared.pictures import ERROR_FULL_SCALE, error_map, overlay


def test_attention_colours_where_it_lies_and_greys_the_rest():
    frame = np.full((64, 64, 3), (200, 40, 40), np.uint8)
    grid = np.zeros((8, 8), np.float32)
    grid[1, 6] = 0.5
    picture = overlay(frame, grid, peak=0.5).astype(int)
    spread = picture.max(-1) - picture.min(-1)
    assert spread[12, 52] > 60  # the attended cell has colour
    assert spread[50, 10] <= 2  # far from it the frame is grey


def test_attention_of_zero_does_not_divide():
    frame = np.zeros((16, 16, 3), np.uint8)
    assert overlay(frame, np.zeros((8, 8), np.float32), 0.0).shape == (16, 16, 3)


def test_error_map_is_black_without_error_and_brightest_at_full_scale():
    error = np.array([[0.0, ERROR_FULL_SCALE / 2, 2 * ERROR_FULL_SCALE]], np.float32)
    light = error_map(error).astype(int).sum(-1)[0]
    assert light[0] < 20 < light[1] < light[2]
