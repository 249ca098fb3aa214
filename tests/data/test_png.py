"""Images survive storage bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wam_demo.data.png import decode_png, encode_png
from wam_demo.errors import DataError

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))


@given(arrays(np.uint8, SHAPES))
def test_round_trip(image):
    np.testing.assert_array_equal(decode_png(encode_png(image)), image)


def test_channels_are_red_green_blue():
    from io import BytesIO

    from PIL import Image

    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert Image.open(BytesIO(encode_png(red))).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_what_is_no_rgb_image_is_refused(image):
    with pytest.raises(DataError, match="RGB"):
        encode_png(image)


@pytest.mark.parametrize("content", [b"not a picture", encode_png(np.zeros((4, 4, 3), np.uint8))[:40]])
def test_broken_bytes_are_refused(content):
    with pytest.raises(DataError, match="not a readable"):
        decode_png(content)
