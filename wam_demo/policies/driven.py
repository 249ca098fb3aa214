"""Demonstrations in which a learned policy drives and the expert says what it would have done (DAgger)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wam_demo.data.collect import Demonstrator
    from wam_demo.sim.labels import DemoFrame
    from wam_demo.sim.wide import Scenery
    from wam_demo.types import Observation, Vector


@dataclass(frozen=True)
class DrivenTask:
    """Opens a task for `wam_demo.data.collect.collect`, driven by a learned policy.

    It is pickled into each collecting process, which loads its own policy and simulator.

    Attributes:
        policy: Its name.
        checkpoint: Weights instead of the shipped ones.
    """

    policy: str
    checkpoint: Path | None = None

    def __call__(self, task: str) -> "Demonstrator":
        """A demonstrator of this task; ``noise`` has no meaning here, the policy's errors are the noise."""
        import torch

        from wam_demo.policies.registry import load_policy
        from wam_demo.sim.relabel import relabel
        from wam_demo.sim.world import World

        torch.set_num_threads(1)  # the processes are the parallelism
        policy, world = load_policy(self.policy, self.checkpoint), World(task)

        def demonstrate(seed: int, *, noise: float, every: int, scenery: "Scenery" = "plain") -> "Iterator[DemoFrame]":
            def driver(observation: "Observation") -> "Vector":
                noise_seed = 1000 * seed + round(10 * observation.time)
                return policy.predict([observation], [noise_seed])[0].chunk.actions

            return relabel(world, seed, driver, every=every, scenery=scenery)

        return demonstrate
