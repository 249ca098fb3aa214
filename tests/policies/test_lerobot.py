"""Policies of LeRobot: what is asked of them, with LeRobot's own classes stood in for where it is not installed."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from tests.fakes.wam_checkpoint import an_observation
from wam_demo.errors import CheckpointError, InvalidInputError, PolicyFault
from wam_demo.policies import lerobot
from wam_demo.policies.lerobot import LeRobotPolicy
from wam_demo.policies.registry import load_policy, require_policy


class Queue:
    """Answers a chunk action by action, as LeRobot's policies do, and plans anew when it is empty."""

    def __init__(self):
        self.seen, self.left, self.scale = [], [], 1.0

    def reset(self):
        self.left = []

    def select_action(self, item):
        if not self.left:
            self.seen.append(item)
            rows = torch.arange(4)[:, None] + item["observation.state"][:, :1] + 0.001 * torch.randn(4, 1)
            self.left = [row.repeat(7)[None] * self.scale for row in rows]
        return self.left.pop(0)


@pytest.fixture
def installed(monkeypatch):
    """A LeRobot whose only policy is a `Queue`; answers its configuration and the policy."""
    config = SimpleNamespace(
        type="act",
        n_action_steps=4,
        input_features={
            "observation.images.front": SimpleNamespace(shape=(3, 64, 96)),
            "observation.state": SimpleNamespace(shape=(17,)),
        },
        output_features={"action": SimpleNamespace(shape=(7,))},
    )
    network = Queue()
    modules = {name: ModuleType(name) for name in ("lerobot", "lerobot.configs", "lerobot.policies")}
    configs, factory = ModuleType("lerobot.configs.policies"), ModuleType("lerobot.policies.factory")
    configs.PreTrainedConfig = SimpleNamespace(from_pretrained=lambda path: config)
    factory.get_policy_class = lambda kind: SimpleNamespace(from_pretrained=lambda path: network)
    batched = lambda item: {k: v[None] if torch.is_tensor(v) else [v] for k, v in item.items()}  # noqa: E731
    factory.make_pre_post_processors = lambda config, pretrained_path: (batched, lambda action: 0.01 * action)
    for module in (configs, factory):
        modules[module.__name__] = module
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(lerobot, "find_spec", lambda name: object())
    return config, network


def test_a_plan_is_one_queue_of_actions_and_then_holds(installed, tmp_path):
    _, network = installed
    policy, first, second = LeRobotPolicy(tmp_path), an_observation(1), an_observation(2, "open the drawer")
    plans = [prediction.chunk.actions for prediction in policy.predict([first, second], [3, 4])]
    assert [plan.shape for plan in plans] == [(16, 7)] * 2
    for plan, observation in zip(plans, (first, second), strict=True):
        np.testing.assert_allclose(plan[:4, 0], 0.01 * (np.arange(4) + observation.state[0]), atol=1e-4)
        assert not plan[4:, :6].any()
        assert (plan[3:, 6] == plan[3, 6]).all()
        assert 0 <= plan[:, 6].min() <= plan[:, 6].max() <= 1
    again = policy.predict([first], [3])[0].chunk.actions
    assert np.array_equal(again, plans[0]), "the same observation and seed give the same plan"
    item = network.seen[1]
    assert item["task"] == ["open the drawer"]
    assert item["observation.images.front"].shape == (1, 3, 64, 96)
    assert float(item["observation.images.front"].max()) <= 1


def test_what_is_not_finite_is_caught(installed, tmp_path):
    installed[1].scale = float("nan")
    with pytest.raises(PolicyFault, match="act planned values that are not finite"):
        LeRobotPolicy(tmp_path).predict([an_observation()], [0])


@pytest.mark.parametrize(
    ("which", "name", "shape", "message"),
    [
        ("output_features", "action", (6,), "ours have 7"),
        ("input_features", "observation.state", (6,), "ours has 17"),
        ("input_features", "observation.environment_state", (3,), "do not hold"),
    ],
)
def test_other_numbers_than_ours_are_refused(installed, tmp_path, which, name, shape, message):
    getattr(installed[0], which)[name] = SimpleNamespace(shape=shape)
    with pytest.raises(InvalidInputError, match=message):
        LeRobotPolicy(tmp_path)


def test_what_is_missing_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(lerobot, "find_spec", lambda name: None)
    with pytest.raises(InvalidInputError, match="pip install lerobot"):
        require_policy("lerobot", tmp_path)
    monkeypatch.setattr(lerobot, "find_spec", lambda name: object())
    with pytest.raises(InvalidInputError, match="needs --checkpoint"):
        load_policy("lerobot")
    with pytest.raises(CheckpointError, match=r"config.json is missing"):
        require_policy("lerobot", tmp_path)
