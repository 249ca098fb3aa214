"""LeRobot's ACT beside ``agra``, a call of each in turn: one observation, two 128 px cameras, one thread.

In an environment of its own that has ``lerobot`` and this package's dependencies:

    OMP_NUM_THREADS=1 PYTHONPATH=. python tools/act_latency.py
"""

import os
import statistics
import sys
import time
import types
from pathlib import Path

import lerobot
import torch

from wam_demo.models.torchvision_guard import ensure_torchvision
from wam_demo.policies.compute.variants import variant_named
from wam_demo.policies.wam.compiled import CompiledWamPolicy
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.sim.world import World

CALLS = 40
CHECKPOINT = Path("assets/checkpoints/agra")
GRAPHS = "openvino-f32-winograd"


def act() -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """ACT as LeRobot builds it by default, for chunks of 16 actions, with an observation."""
    ensure_torchvision()
    # The package's own __init__ imports every policy, of which one (0.4.4) fails on Python 3.11.
    policies = types.ModuleType("lerobot.policies")
    policies.__path__ = [os.path.join(os.path.dirname(lerobot.__file__), "policies")]
    sys.modules["lerobot.policies"] = policies
    from lerobot.configs.types import FeatureType, PolicyFeature
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.act.modeling_act import ACTPolicy

    cameras = {
        f"observation.images.{name}": PolicyFeature(FeatureType.VISUAL, (3, 128, 128)) for name in ("front", "wrist")
    }
    features = {**cameras, "observation.state": PolicyFeature(FeatureType.STATE, (17,))}
    config = ACTConfig(
        input_features=features, output_features={"action": PolicyFeature(FeatureType.ACTION, (7,))},
        chunk_size=16, n_action_steps=16, pretrained_backbone_weights=None, device="cpu",
    )  # fmt: skip
    return ACTPolicy(config).eval(), {name: torch.rand(1, *feature.shape) for name, feature in features.items()}


def main() -> None:
    """Print medians and the ratio of neighbouring calls."""
    torch.set_num_threads(1)
    network, batch = act()
    world = World("pick_place")
    seen = world.reset(0)
    eager, graphs = WamPolicy(CHECKPOINT), CompiledWamPolicy(CHECKPOINT, variant_named(GRAPHS))
    calls = {
        "ACT, float32": lambda: network.predict_action_chunk(batch),
        "agra, eager": lambda: eager.predict([seen], [0]),
        f"agra, {GRAPHS}": lambda: graphs.predict([seen], [0]),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(CALLS + 3):
        for name, call in calls.items():
            began = time.perf_counter()
            with torch.inference_mode():
                call()
            if turn >= 3:
                taken[name].append(1e3 * (time.perf_counter() - began))
    world.close()
    first = next(iter(taken.values()))
    for name, times in taken.items():
        ratio = statistics.median(own / other for own, other in zip(times, first, strict=True))
        print(f"{name}: median {statistics.median(times):.0f} ms, {ratio:.2f} of ACT")


if __name__ == "__main__":
    main()
