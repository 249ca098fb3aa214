"""Motion within limits of position, velocity and acceleration, with room to brake: pure functions.

At every tick there is an interval of positions that the next command may take. It is never empty as long as a
state came from here: whoever moves can still stop before the position limit at the permitted deceleration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.driver import ArmLimits, Array

FOLLOW_S = 0.04
"""Time in which a commanded joint closes on its goal [s]: smooth between commands 20 ms apart."""


@dataclass(frozen=True)
class Motion:
    """The commanded state: positions and velocities, (n + 1,) each."""

    position: Array
    velocity: Array

    @property
    def moving(self) -> bool:
        """Whether anything has a speed."""
        return bool(np.any(np.abs(self.velocity) > 1e-9))


def at_rest(position: Array) -> Motion:
    """Standing still."""
    return Motion(np.array(position, np.float64), np.zeros(len(position)))


def stopping_speed(room: Array, acceleration: Array, dt: float) -> Array:
    """Largest speed with which one may move for ``dt`` and still stop within ``room``.

    Moving at ``v`` and braking by ``acceleration * dt`` a tick covers (n + 1)(u - n / 2) units of
    ``acceleration * dt**2``, with u = v / (acceleration * dt) and n its whole part; this is its inverse.
    """
    units = np.maximum(room, 0.0) / (acceleration * dt**2)
    whole = np.floor((np.sqrt(1 + 8 * units) - 1) / 2)
    return (units / (whole + 1) + whole / 2) * acceleration * dt


def allowed(motion: Motion, limits: ArmLimits, dt: float, scale: float = 1.0) -> tuple[Array, Array]:
    """Lower and upper bound of the next velocity.

    Args:
        scale: Share of the velocity limit that is open; a motion that is faster brakes.
    """
    change = limits.acceleration * dt
    top = scale * limits.velocity
    high = np.minimum(top, stopping_speed(limits.upper - motion.position, limits.acceleration, dt))
    low = -np.minimum(top, stopping_speed(motion.position - limits.lower, limits.acceleration, dt))
    # Deceleration is limited as well: whoever is too fast for a bound comes down to it as fast as permitted.
    high = np.maximum(np.minimum(high, motion.velocity + change), motion.velocity - change)
    low = np.minimum(np.maximum(low, motion.velocity - change), motion.velocity + change)
    return low, high


def limited(motion: Motion, wanted: Array, limits: ArmLimits, dt: float, scale: float = 1.0) -> Motion:
    """The next commanded state, as near to ``wanted`` positions as the limits let it; idempotent in ``wanted``."""
    low, high = allowed(motion, limits, dt, scale)
    velocity = np.clip((wanted - motion.position) / dt, low, high)
    position = np.clip(motion.position + velocity * dt, limits.lower, limits.upper)
    return Motion(position, velocity)


def towards(motion: Motion, goal: Array, limits: ArmLimits, dt: float, scale: float = 1.0) -> Motion:
    """One tick on the way to a goal, without passing it."""
    distance = goal - motion.position
    speed = np.minimum(np.abs(distance) / FOLLOW_S, stopping_speed(np.abs(distance), limits.acceleration, dt))
    wanted = motion.position + np.sign(distance) * speed * dt
    near = np.abs(distance) < 1e-7
    return limited(motion, np.where(near, goal, wanted), limits, dt, scale)


def braked(motion: Motion, limits: ArmLimits, dt: float) -> Motion:
    """One tick of braking as hard as permitted."""
    return limited(motion, motion.position, limits, dt)


def braking_time(motion: Motion, limits: ArmLimits) -> float:
    """Seconds until rest."""
    return float(np.max(np.abs(motion.velocity) / limits.acceleration))
