"""What a person can take away from a session: its log, a link to the attempt, a test of what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wam_demo.runtime.episodes import Episodes
from wam_demo.runtime.logfile import format_log, pack
from wam_demo.runtime.paired import nearest_test


def session_log(episodes: Episodes) -> str:
    """Every attempt that is remembered, as text for a file."""
    return format_log(episodes.log())


def attempt_link(episodes: Episodes) -> str:
    """The present attempt for the fragment of a link, panels by name; raises `InvalidInputError` if it is too long."""
    return pack(format_log([episodes.present_log()], values=False))


def paired_test(episodes: Episodes) -> dict[str, Any]:
    """Task, policy, seed, axis and severity of the newest disturbance; raises `InvalidInputError` without one."""
    settings, attempt = episodes.settings, episodes.attempt
    test = nearest_test(() if attempt is None else attempt.events)
    return {"task": settings.task, "policy": settings.policy, "seed": settings.seed, **test}


EXPORTS: Mapping[str, Callable[[Episodes], Any]] = {"log": session_log, "link": attempt_link, "paired": paired_test}
"""By the command that asks for it."""
