"""The Arm tab; absent on a Space and without the token of a bridge."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import gradio as gr

from wam_demo.config import STATE
from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.checks import validate_instruction
from wam_demo.robots.arm.settings import arm_address, is_configured
from wam_demo.robots.arm.source import ArmSource
from wam_demo.robots.arm.wire import MODES
from wam_demo.runtime import Planner
from wam_demo.ui.arm.cameras import board_file
from wam_demo.ui.arm.session import ArmSession
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue, Offer, open_planner
from wam_demo.ui.shared.checks import one_of

TRIALS = STATE / "arm-trials"
COMMANDS = ("stop", "release_stop", "hold", "slacken", "connect")
MAX_TRIALS = 200
_SCRIPTS = ("shared/dom.js", "shared/taught.js", "arm/arm.js", "arm/cameras.js")


def open_arm() -> ArmSession | None:
    """The session of the arm that the operator has connected; ``None`` where there is none.

    Raises:
        InvalidInputError: The operator's address is not usable.
    """
    return ArmSession(arm_address(), _planner, TRIALS) if is_configured() else None


def build_arm(catalogue: Catalogue, session: ArmSession) -> gr.HTML:
    """Add the tab to the blocks that are open; the session's owner closes it."""
    policies = Offer(catalogue.policies.values, lambda spec: not spec.privileged)

    def arm(question: Any) -> component.Answer:
        return answer(question)

    answer = component.answering(
        {
            "state": lambda question: session.state(),
            "picture": lambda question: {"jpeg": base64.b64encode(session.picture()).decode()},
            "preflight": lambda question: {"items": session.preflight()},
            "ask": lambda question: _ask(session, question),
            "home": lambda question: _home(session),
            "begin": lambda question: _begin(session, question, list(policies), list(catalogue.tasks)),
            "board": lambda question: board_file(),
            "where": lambda question: session.where(),
            "calibrate": session.calibrate,
            "forget": lambda question: _forget(session, question),
            "judge": lambda question: _judge(session, question),
        }
    )
    config = {
        "policies": component.named({name: spec.label for name, spec in policies.items()}),
        "tasks": component.named(catalogue.tasks),
        "modes": component.named({"dry": "Dry run", "half": "Half speed", "full": "Full speed"}),
        "max": MAX_TRIALS,
    }
    return component.component(component.script(config, *_SCRIPTS), "arm", [arm])


def _begin(session: ArmSession, question: Mapping[str, Any], policies: list[str], tasks: list[str]) -> dict[str, Any]:
    mode = one_of("mode", question.get("mode"), MODES)
    chosen = [one_of("policy", name, policies) for name in (question.get("policy"), question.get("second")) if name]
    episodes = question.get("episodes")
    if isinstance(episodes, bool) or not isinstance(episodes, int) or not 1 <= episodes <= MAX_TRIALS:
        raise InvalidInputError(f"trials must be a whole number in 1 .. {MAX_TRIALS}")
    text = question.get("instruction")
    instruction = validate_instruction(text) if isinstance(text, str) and text.strip() else ""
    task = one_of("task", question.get("task"), tasks)
    spec = GridSpec(tuple(chosen), (task,), episodes=episodes).validated()
    session.begin(spec, mode, instruction)  # type: ignore[arg-type]
    return {}


def _ask(session: ArmSession, question: Mapping[str, Any]) -> dict[str, Any]:
    session.ask(one_of("command", question.get("command"), COMMANDS))
    return {}


def _forget(session: ArmSession, question: Mapping[str, Any]) -> dict[str, Any]:
    session.forget_camera(str(question.get("camera")))
    return {}


def _home(session: ArmSession) -> dict[str, Any]:
    session.home()
    return {}


def _judge(session: ArmSession, question: Mapping[str, Any]) -> dict[str, Any]:
    session.judge(question.get("success") is True, str(question.get("note", ""))[:200])
    return {}


def _planner(policy: str, source: ArmSource) -> Planner:
    return open_planner(policy, source)
