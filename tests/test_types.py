"""The data contracts fit together and cannot be changed by who receives them."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from wam_demo import types
from wam_demo.data.schema import DEMONSTRATION_FEATURES, image_key
from wam_demo.types import ActionChunk, Event, Observation, Prediction


def test_futures_lie_inside_the_chunk():
    assert list(types.FUTURE_STEPS) == sorted(set(types.FUTURE_STEPS))
    assert types.FUTURE_STEPS[0] > 0
    assert types.FUTURE_STEPS[-1] == types.CHUNK_STEPS


def test_the_state_is_what_its_parts_add_up_to():
    position, rotation, gripper, joints = 3, 6, 1, 7
    assert position + rotation + gripper + joints == types.STATE_DIM


def test_demonstrations_store_every_contract_in_its_shape():
    shapes = {name: feature.shape for name, feature in DEMONSTRATION_FEATURES.items()}
    assert shapes["observation.state"] == (types.STATE_DIM,)
    assert shapes["action"] == (types.ACTION_DIM,)
    assert shapes["expert_chunk"] == (types.CHUNK_STEPS * types.ACTION_DIM,)
    for camera in types.POLICY_CAMERAS:
        assert shapes[image_key(camera)] == (types.IMAGE_SIZE, types.IMAGE_SIZE, 3)
    for feature in DEMONSTRATION_FEATURES.values():
        assert feature.names is None or len(feature.names) in feature.shape or feature.is_image


@pytest.mark.parametrize(
    "value",
    [
        Observation({}, np.zeros(types.STATE_DIM, np.float32), "go", 0.0),
        ActionChunk(np.zeros((types.CHUNK_STEPS, types.ACTION_DIM), np.float32)),
        Event(0, "shove"),
    ],
)
def test_contracts_are_frozen(value):
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)


def test_defaults_are_not_shared():
    chunk = ActionChunk(np.zeros((types.CHUNK_STEPS, types.ACTION_DIM), np.float32))
    assert Prediction(chunk).panels is not Prediction(chunk).panels
