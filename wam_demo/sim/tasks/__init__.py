"""The tasks by name."""

from wam_demo.sim.tasks.base import TaskSpec
from wam_demo.sim.tasks.specs import TASKS

__all__ = ["TASKS", "TaskSpec"]
