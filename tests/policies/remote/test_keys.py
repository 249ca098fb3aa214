"""What robots send becomes an observation or one clear error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.fakes.robots import message
from wam_demo.errors import InvalidInputError
from wam_demo.policies.remote.keys import KEYS, fit_image, seed_of, to_observation
from wam_demo.wire import DTYPES


def test_a_valid_message_becomes_an_observation():
    observation = to_observation(message(prompt=" go "), 1.5)
    assert (observation.instruction, observation.time) == ("go", 1.5)
    assert observation.images["front"].shape == observation.images["wrist"].shape == (128, 128, 3)
    assert observation.images["front"].max() == 90
    assert observation.state.dtype == np.float32


def test_names_of_other_datasets_mean_the_same():
    names = ["observation.images.front", "observation.images.wrist", "observation.state", "task"]
    lerobot = dict(zip(names, message().values(), strict=True))
    first, second = to_observation(message(), 0), to_observation(lerobot, 0)
    np.testing.assert_array_equal(first.images["wrist"], second.images["wrist"])
    np.testing.assert_array_equal(first.state, second.state)
    assert first.instruction == second.instruction


def test_joints_of_a_droid_robot_give_the_pose_of_its_tool():
    from wam_demo.sim.controller import HOME

    droid = {
        "observation/exterior_image_1_left": np.zeros((224, 224, 3), np.uint8),
        "observation/wrist_image_left": np.zeros((224, 224, 3), np.uint8),
        "observation/joint_position": HOME,
        "observation/gripper_position": np.array([1.0]),
        "prompt": "go",
    }
    state = to_observation(droid, 0).state
    np.testing.assert_allclose(state[:3], [0.46, 0, 0.2], atol=2e-3)
    np.testing.assert_allclose(state[3:9], [1, 0, 0, 0, -1, 0], atol=2e-2)
    assert state[9] == 0  # closed
    np.testing.assert_allclose(state[10:], HOME, atol=1e-6)


@pytest.mark.parametrize("shape", [(480, 640, 3), (300, 100, 3), (64, 64, 3), (1, 4000, 3)])
def test_pictures_are_scaled_without_distortion(shape):
    fitted = fit_image(np.full(shape, 200, np.uint8))
    assert fitted.shape == (128, 128, 3)
    rows, columns = np.nonzero(fitted[..., 0])
    scale = 128 / max(shape[:2])
    assert np.ptp(rows) + 1 == max(1, round(shape[0] * scale))
    assert np.ptp(columns) + 1 == max(1, round(shape[1] * scale))
    assert set(np.unique(fitted)) <= {0, 200}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"observation__imgae": 1}, "unknown observation key 'observation/imgae': did you mean 'observation/image'?"),
        ({"observation__image": None}, "has no 'observation/image'"),
        ({"observation__wrist_image": np.zeros((128, 128), np.uint8)}, "it is (128, 128) uint8"),
        ({"observation__image": np.zeros((128, 128, 3), np.float32)}, "it is (128, 128, 3) float32"),
        ({"observation__image": np.zeros((0, 128, 3), np.uint8)}, "pixels"),
        ({"observation__image": np.zeros((2001, 2000, 3), np.uint8)}, "2000 x 2001 pixels"),
        ({"observation__image": "a picture"}, "it is a str"),
        ({"observation__state": np.zeros(8, np.float32)}, "must be 17 numbers, it is (8,) float32"),
        ({"observation__state": np.full(17, np.nan)}, "not finite"),
        ({"observation__state": "home"}, "it is a str"),
        ({"observation__state": None}, "has no 'observation/state'"),
        ({"observation__state": None, "observation__joint_position": np.zeros(7)}, "gripper_position"),
        ({"prompt": ""}, "it is 0 characters"),
        ({"prompt": "x" * 501}, "it is 501 characters"),
        ({"prompt": 5}, "it is a int"),
        ({"task": "go"}, "name the same thing"),
    ],
)
def test_what_is_wrong_is_named(changes, words):
    with pytest.raises(InvalidInputError) as caught:
        to_observation(message(**changes), 0)
    assert words in str(caught.value)


def test_a_seed_is_a_whole_number_or_absent():
    assert seed_of({}) is None
    assert seed_of({"seed": 7}) == seed_of({"seed": np.int64(7)}) == 7
    for seed in (-1, 1.5, True, "7", 2**63):
        with pytest.raises(InvalidInputError, match="whole number"):
            seed_of({"seed": seed})


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=20),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    hnp.arrays(st.sampled_from(DTYPES).map(np.dtype), hnp.array_shapes(max_dims=4, max_side=4, min_side=0)),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=5))
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_is_an_observation_or_one_clear_error(changes):
    content = {**message(), **changes}
    try:
        observation, seed = to_observation(content, 0), seed_of(content)
    except InvalidInputError as error:
        lines = str(error).splitlines()
        assert_one(lines)
    else:
        assert np.isfinite(observation.state).all()
        assert seed is None or seed >= 0


def assert_one(lines):
    assert len(lines) == 1
