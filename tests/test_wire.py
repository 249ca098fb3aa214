"""Arrays on the wire: what is plain data survives, the rest is refused."""

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wam_demo.errors import InvalidInputError
from wam_demo.wire import DTYPES, decode, encode


@given(
    hnp.arrays(
        st.sampled_from(DTYPES).map(np.dtype),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
@settings(max_examples=60, deadline=None)
def test_arrays_survive_the_wire(array):
    back = decode(encode({"a": array}))["a"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_plain_values_and_scalars_survive_the_wire():
    sent = {"text": "ü", "n": 3, "x": 0.5, "none": None, "list": [1, "two"], "map": {"k": True}, "s": np.float32(0.25)}
    assert decode(encode(sent)) == sent


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_map_or_one_clear_error(data):
    try:
        content = decode(data)
    except InvalidInputError as error:
        line = str(error)
        assert_one_line(line)
    else:
        assert isinstance(content, dict)


def assert_one_line(text):
    assert text
    assert "\n" not in text


def array(**changes):
    entry = {b"__ndarray__": True, b"data": bytes(8), b"dtype": "<f4", b"shape": (2,)}
    return msgpack.packb({"a": {**entry, **{k.encode(): v for k, v in changes.items()}}})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (array(dtype="|O"), "type '|O' are not accepted"),
        (array(dtype="|V8"), "not accepted"),
        (array(dtype="<c8"), "not accepted"),
        (array(dtype="<U2"), "not accepted"),
        (array(dtype=[["a", "<f4"]]), "not accepted"),
        (array(shape=(-2,)), "expected up to 6 whole numbers"),
        (array(shape=(-1, -2)), "expected up to 6 whole numbers"),
        (array(shape=(1,) * 7), "expected up to 6 whole numbers"),
        (array(shape=(2.0,)), "expected up to 6 whole numbers"),
        (array(shape="ab"), "expected up to 6 whole numbers"),
        (array(shape=(3,)), "does not hold 8 bytes"),
        (array(shape=(2**40, 2**40)), "does not hold 8 bytes"),
        (array(data="text"), "does not hold str bytes"),
        (msgpack.packb({"a": {b"__npgeneric__": True, b"data": 300, b"dtype": "|u1"}}), "does not fit into uint8"),
        (msgpack.packb({"a": {b"__npgeneric__": True, b"data": "1", b"dtype": "|u1"}}), "sent as a str"),
        (msgpack.packb([1, 2]), "is a list"),
        (msgpack.packb({"a": msgpack.ExtType(5, b"x")}), "not msgpack"),
        (msgpack.packb({"a": list(range(1000))}), "not msgpack"),
        (b"\xc1", "not msgpack"),
        (b"\x91" * 5000, "not msgpack"),
        (msgpack.packb({}) + b"more", "not msgpack"),
    ],
)
def test_what_is_not_plain_data_is_refused_by_name(data, words):
    with pytest.raises(InvalidInputError, match=r"^[^\n]+$") as caught:
        decode(data)
    assert words in str(caught.value)


def test_what_would_not_be_accepted_is_not_sent():
    for value in (np.array([object()]), np.array([1j]), object(), np.array(["text"])):
        with pytest.raises(InvalidInputError, match="cannot be sent"):
            encode({"a": value})
