"""Simulated scenes, tasks, scripted experts and disturbances."""

import os

from wam_demo.sim.tasks import TASKS

# Must be decided before mujoco is first imported; OSMesa is the robust choice without a display.
os.environ.setdefault("MUJOCO_GL", "osmesa")

__all__ = ["TASKS"]
