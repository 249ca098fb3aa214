"""The arm on the Live page: what can be chosen there, one entry a speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.client import ArmAddress
from wam_demo.robots.arm.source import ArmSource
from wam_demo.robots.arm.wire import Mode
from wam_demo.robots.source import Source
from wam_demo.runtime import Planner
from wam_demo.types import CONTROL_HZ
from wam_demo.ui.arm.session import ArmSession
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue

ARM_TASKS: Mapping[str, tuple[Mode, str]] = {
    "arm-dry": ("dry", "Your arm, dry run"),
    "arm-half": ("half", "Your arm, half speed"),
    "arm-full": ("full", "Your arm, full speed"),
}
"""Mode and title by the name that a page sends."""
HORIZON = 60 * CONTROL_HZ


def with_arm(catalogue: Catalogue, address: ArmAddress) -> Catalogue:
    """The catalogue with a connected arm beside its simulated tasks.

    Args:
        catalogue: Of the app.
        address: Of the bridge; a session that chooses the arm connects there.
    """
    simulated = catalogue.backend

    def open_source(task: str) -> Source:
        if task not in ARM_TASKS:
            return simulated.open_source(task)
        return ArmSource.connect(address, ARM_TASKS[task][0], name="Live page")

    def open_planner(policy: str, source: Source) -> Planner:
        if isinstance(source, ArmSource) and catalogue.policies[policy].privileged:
            raise InvalidInputError(f"{policy} reads the simulator's state, which an arm does not have")
        return simulated.open_planner(policy, source)

    horizons = {**simulated.horizons, **dict.fromkeys(ARM_TASKS, HORIZON)}
    return replace(
        catalogue,
        arm=frozenset(ARM_TASKS),
        tasks={**catalogue.tasks, **{name: title for name, (_, title) in ARM_TASKS.items()}},
        backend=replace(simulated, open_source=open_source, open_planner=open_planner, horizons=horizons),
    )


def stop_function(session: ArmSession) -> Callable[[Any], component.Answer]:
    """What the Live page calls ``server.stop_arm``; it does not wait for the page's own session."""

    def stop(question: Any) -> component.Answer:
        session.ask("stop")
        return {}

    answer = component.answering({"stop": stop})

    def stop_arm(question: Any) -> component.Answer:
        return answer(question)

    return stop_arm
