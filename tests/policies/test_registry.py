"""Policies by name: what each declares, and a family that the package has never heard of."""

import pytest

from tests.fakes.policies import FakePolicy
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.policies.registry import (
    LoadContext,
    PolicySpec,
    load_policy,
    policy_spec,
    policy_specs,
    register,
    unregister,
)

SPEC = PolicySpec("new", "New", "It is new.", load=lambda context: FakePolicy())


@pytest.fixture
def registered():
    register(SPEC)
    yield
    unregister(SPEC.name)


def test_a_family_is_one_spec_and_is_listed_after_those_that_are_there(registered):
    assert policy_specs()[-1] is policy_spec("new") is SPEC
    assert isinstance(load_policy("new"), FakePolicy)


def test_a_name_belongs_to_one_policy(registered):
    register(SPEC)  # the same once more changes nothing
    with pytest.raises(InvalidInputError, match="there is a policy 'new' already"):
        register(PolicySpec("new", "Other", "It is another.", load=lambda context: FakePolicy()))


def test_a_name_that_is_forgotten_is_unknown():
    with pytest.raises(UnknownNameError, match="unknown policy 'new'"):
        policy_spec("new")


def test_the_shipped_policies_come_in_the_order_in_which_they_are_shown():
    shipped = [spec.name for spec in policy_specs() if not spec.name.startswith("harmo_")][:10]
    learned = ["agra_wide", "agra", "wam", "wam_wide", "harmo", "action_images"]
    assert shipped == [*learned, "remote", "lerobot", "expert", "hold"]


def test_what_needs_nothing_else_loads_and_what_is_privileged_needs_its_world():
    for spec in policy_specs():
        if spec.privileged:
            with pytest.raises(InvalidInputError, match="needs its world"):
                spec.load(LoadContext())
    assert [spec.name for spec in policy_specs() if spec.privileged] == ["expert"]


def test_tasks_are_those_that_the_weights_were_trained_on():
    assert "pick_place" in policy_spec("agra").tasks(None)
    assert policy_spec("hold").tasks(None) == ()
