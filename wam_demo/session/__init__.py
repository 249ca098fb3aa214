"""One visitor's episode loop: joins a world, a policy and subscribers; owns the simulator's thread."""

from wam_demo.session.contracts import (
    Backend,
    Command,
    Outcome,
    Planner,
    Settings,
    View,
    Watcher,
)
from wam_demo.session.session import Session

__all__ = ["Backend", "Command", "Outcome", "Planner", "Session", "Settings", "View", "Watcher"]
