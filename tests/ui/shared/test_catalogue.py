"""What a machine offers depends on the checkpoints that are there."""

import json
from dataclasses import replace

from tests.fakes import brain
from wam_demo.policies.registry import policy_spec
from wam_demo.ui.live.tab import script
from wam_demo.ui.shared import catalogue
from wam_demo.ui.shared.axes import FIRST_AXES


def test_policies_without_a_checkpoint_are_not_offered(monkeypatch):
    specs = [replace(policy_spec("agra"), is_available=lambda: False), *map(policy_spec, ("wam", "expert", "hold"))]
    monkeypatch.setattr(catalogue, "policy_specs", lambda: specs)
    offered = catalogue.shipped()
    assert list(offered.policies) == ["wam", "expert", "hold"]
    assert "pick_place" in offered.tasks
    assert set(offered.tasks) == set(offered.backend.horizons)


def test_every_axis_of_the_simulator_has_a_slider():
    from wam_demo.sim.perturb import AXES

    offered = catalogue.shipped().axes
    assert sorted(offered) == sorted(AXES)
    assert offered[: len(FIRST_AXES)] == FIRST_AXES


def test_the_script_carries_the_choices():
    first = script(brain.catalogue()).splitlines()[0]
    config = json.loads(first.removeprefix("const CONFIG = ").removesuffix(";"))
    assert [task["name"] for task in config["tasks"]] == ["reach", "wander"]
    assert config["horizons"] == [4, 8, 12, 16]
