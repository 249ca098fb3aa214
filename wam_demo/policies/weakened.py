"""Policies made worse on purpose, each in one way: of different quality, to see whether a judge can rank them.

A weakened policy is a driver of one episode. It changes what the policy sees or what it does, in the same way in the
simulator and in a dream, and draws its noise from the scene's seed and the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from wam_demo.errors import UnknownNameError
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.sim.lens import Blur
from wam_demo.types import CONTROL_HZ, Observation, Policy, Vector


@dataclass(frozen=True)
class Weakness:
    """How a policy is made worse.

    Attributes:
        noise_m: Standard deviation of what is added to each translation of each action [m].
        gain: Factor on translations and rotations.
        blur: Gaussian blur of the pictures, severity 0..10 of LIBERO-Plus.
        delay_plans: Its pictures are so many plans (0.4 s each) old; its pose is of now.
        opening: The gripper is commanded to this, whatever the policy plans.
    """

    noise_m: float = 0.0
    gain: float = 1.0
    blur: float = 0.0
    delay_plans: int = 0
    opening: float | None = None


WEAKNESSES: Mapping[str, Weakness] = {
    "noise10": Weakness(noise_m=0.010),
    "noise20": Weakness(noise_m=0.020),
    "noise40": Weakness(noise_m=0.040),
    "gain60": Weakness(gain=0.6),
    "gain30": Weakness(gain=0.3),
    "blur6": Weakness(blur=6),
    "blur10": Weakness(blur=10),
    "delay1": Weakness(delay_plans=1),
    "delay3": Weakness(delay_plans=3),
    "open": Weakness(opening=1.0),
    "closed": Weakness(opening=0.0),
}
"""By name; ``POLICY+NAME`` is that policy with this weakness."""


def weakness(name: str) -> tuple[str, Weakness]:
    """The policy's own name and its weakness, of ``POLICY`` or ``POLICY+NAME``; raises `UnknownNameError`."""
    policy, plus, weak = name.partition("+")
    if not plus:
        return policy, Weakness()
    if weak not in WEAKNESSES:
        raise UnknownNameError("weakness", weak, WEAKNESSES)
    return policy, WEAKNESSES[weak]


class WeakenedDriver:
    """Plans one episode with a weakened policy.

    Args:
        policy: As it is.
        weak: What is wrong with it.
        seed: Scene; with the time it gives the noise of policy and weakness.
    """

    def __init__(self, policy: Policy, weak: Weakness, seed: int) -> None:
        self._policy, self._weak, self._seed = policy, weak, seed
        self._seen: list[Observation] = []

    def plan(self, observation: Observation) -> Vector:
        """(EXECUTE_STEPS, 7) actions to be executed before the next plan."""
        self._seen.append(observation)
        step = round(CONTROL_HZ * observation.time)
        prediction = self._policy.predict([self._shown()], [1000 * self._seed + step])[0]
        return self._spoilt(prediction.chunk.actions[:EXECUTE_STEPS], step)

    def _shown(self) -> Observation:
        """What the policy sees."""
        weak, now = self._weak, self._seen[-1]
        then = self._seen[max(0, len(self._seen) - 1 - weak.delay_plans)]
        images = then.images
        if weak.blur:
            lens = Blur("gaussian", weak.blur, 0, 0)
            images = {camera: lens.apply(image, 0) for camera, image in images.items()}
        return replace(now, images=images)

    def _spoilt(self, actions: Vector, step: int) -> Vector:
        """What is done of a plan."""
        weak, spoilt = self._weak, actions.copy()
        spoilt[:, :6] *= weak.gain
        if weak.noise_m:
            noise = np.random.default_rng([self._seed, step, 41]).standard_normal((len(actions), 3))
            spoilt[:, :3] += weak.noise_m * noise
        if weak.opening is not None:
            spoilt[:, 6] = weak.opening
        return spoilt
