"""Perturbation axes: seeded, bounded, reversible disturbances, at reset and live."""

from wam_demo.sim.perturb.registry import AXES, SEVERITIES, apply, check, sample

__all__ = ["AXES", "SEVERITIES", "apply", "check", "sample"]
