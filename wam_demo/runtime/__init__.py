"""One visitor's episode loop: joins a world, a policy and subscribers; owns the simulator's thread."""

from wam_demo.runtime.contracts import (
    Backend,
    Command,
    Gap,
    Handout,
    Outcome,
    Planner,
    Settings,
    TwinView,
    View,
    Watcher,
)
from wam_demo.runtime.session import Session

__all__ = [
    "Backend",
    "Command",
    "Gap",
    "Handout",
    "Outcome",
    "Planner",
    "Session",
    "Settings",
    "TwinView",
    "View",
    "Watcher",
]
