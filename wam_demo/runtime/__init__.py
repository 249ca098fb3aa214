"""One loop joins a source, an agent and subscribers; a session is one visitor's, on a thread of its own."""

from wam_demo.runtime.contracts import (
    Backend,
    Command,
    Divergence,
    Export,
    Outcome,
    Planner,
    SessionView,
    Settings,
    TwinView,
    Watcher,
)
from wam_demo.runtime.session import Session

__all__ = [
    "Backend",
    "Command",
    "Divergence",
    "Export",
    "Outcome",
    "Planner",
    "Session",
    "SessionView",
    "Settings",
    "TwinView",
    "Watcher",
]
