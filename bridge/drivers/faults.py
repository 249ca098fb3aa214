"""Faults that a simulated arm can be given, in front of any driver of a simulation."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from bridge.driver import Array, CameraFrame, DriverFault, Reading

FAULTS = ("dropped_packets", "stuck_joint", "frozen_camera", "over_current", "latency", "bus_error", "unplugged")
DROPPED = 0.3
"""Share of packets to the motors that get lost."""
LATENCY_TICKS = 5


class Faults:
    """What is wrong with a simulated arm now.

    A lost packet is a target that does not arrive, a stuck joint one that neither moves nor gives way, and whoever
    unplugs an arm leaves it unpowered.
    """

    def __init__(self, seed: int = 0) -> None:
        self.active: set[str] = set()
        self._random = random.Random(seed)
        self._late: list[Array] = []
        self._frames: dict[str, CameraFrame] = {}
        self.stuck_at: float | None = None

    def inject(self, fault: str, on: bool) -> None:
        """Switch one on or off; raises `ValueError` if it is unknown."""
        if fault not in FAULTS:
            raise ValueError(f"unknown fault {fault[:40]!r}: valid: {', '.join(FAULTS)}")
        self.active.add(fault) if on else self.active.discard(fault)
        self.stuck_at = None

    def require_bus(self) -> None:
        """Raise `DriverFault` while the arm does not answer."""
        if "unplugged" in self.active:
            raise DriverFault("the arm is unplugged")
        if "bus_error" in self.active:
            raise DriverFault("bus error: no status packet from motor 3")

    def sent(self, positions: Array) -> Array | None:
        """What arrives at the motors; ``None``: nothing."""
        self.require_bus()
        if "dropped_packets" in self.active and self._random.random() < DROPPED:
            return None
        if "latency" in self.active:
            self._late.append(positions)
            return self._late.pop(0) if len(self._late) > LATENCY_TICKS else None
        self._late = []
        return positions

    def measured(self, reading: Reading) -> Reading:
        """What the bus and the cameras report."""
        self.require_bus()
        if "over_current" in self.active:
            reading = replace(reading, load=np.append(np.full(len(reading.load) - 1, 1.2), reading.load[-1]))
        if "stuck_joint" in self.active:
            load = reading.load.copy()
            load[0] = max(load[0], 0.9)
            reading = replace(reading, load=load)
        if "frozen_camera" in self.active:
            return replace(reading, frames=self._frames)
        self._frames = dict(reading.frames)
        return reading
