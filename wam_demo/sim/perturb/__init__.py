"""Perturbation axes: seeded, bounded, reversible disturbances, at reset and live."""

from wam_demo.sim.perturb.registry import AXES, SEVERITIES, apply, clear, sample

__all__ = ["AXES", "SEVERITIES", "apply", "clear", "sample"]
