"""The family as the rest of the package meets it: listed where its weights lie, asked what if, served."""

from itertools import combinations

import numpy as np
import pytest

from tests.fakes.action_images_checkpoint import a_sight, write_action_images
from tests.policies.test_panels import assert_equal_panels
from wam_demo.errors import CheckpointError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.policies.action_images.family import ACTION_IMAGES
from wam_demo.policies.engines import engines
from wam_demo.policies.registry import LoadContext
from wam_demo.policies.remote.client import RemoteConfig, RemotePolicy
from wam_demo.policies.remote.hosting import open_server
from wam_demo.ui.shared.catalogue import shipped


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return write_action_images(tmp_path_factory.mktemp("checkpoints"), std=0.1)


@pytest.fixture
def as_shipped(checkpoints, monkeypatch):
    """Its weights lie where the shipped ones do."""
    monkeypatch.setattr("wam_demo.policies.weights.CHECKPOINTS", checkpoints)
    yield shipped()
    engines.close()


def test_it_is_one_checkpoint(checkpoints, tmp_path):
    folder = checkpoints / "action_images"
    assert ACTION_IMAGES.tasks(folder) == ("reach",)
    assert ACTION_IMAGES.digest(folder) == sha256_of(folder)
    assert ACTION_IMAGES.load(LoadContext(folder)).checkpoint_sha256 == sha256_of(folder)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        ACTION_IMAGES.load(LoadContext(tmp_path))


def test_it_is_offered_where_its_weights_lie(as_shipped, monkeypatch, tmp_path):
    assert as_shipped.labels["action_images"] == "Action Images"
    monkeypatch.setattr("wam_demo.policies.weights.CHECKPOINTS", tmp_path)
    assert "action_images" not in as_shipped.policies


def test_what_if_the_hand_went_elsewhere(as_shipped):
    """A place is pointed at or a way drawn, the plan is drawn into the views, and another video follows from each."""
    planning = as_shipped.open_counterfactuals("action_images")
    seen, futures = a_sight(), []
    for way in ([(0.3, 0.5)], [(0.7, 0.5)], [(0.5, 0.5), (0.6, 0.5), (0.3, 0.5)]):
        chunk = planning.plan(seen, way)
        assert chunk is not None
        (future,) = planning.submit(seen, chunk).result(30)
        assert future["front"].shape == (4, 128, 128, 3)
        futures.append(future["front"])
    for first, second in combinations(futures, 2):
        assert not np.array_equal(first, second)


def test_it_is_served_with_all_its_panels(checkpoints):
    folder, seen = checkpoints / "action_images", a_sight()
    with open_server("action_images", folder, "127.0.0.1", 0) as server:
        policy = RemotePolicy(RemoteConfig(server.url))
        (answer,) = policy.predict([seen], [11])
        policy.close()
    (expected,) = ACTION_IMAGES.load(LoadContext(folder)).predict([seen], [11])
    np.testing.assert_array_equal(answer.chunk.actions, expected.chunk.actions)
    assert answer.attention_mass == expected.attention_mass
    assert_equal_panels(answer.panels, expected.panels)
