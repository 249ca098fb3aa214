"""The list that is gone through before an arm moves; nothing of it moves the arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wam_demo.errors import SourceFault, WamDemoError
from wam_demo.robots.arm.calibration import camera_poses, load_mounts
from wam_demo.robots.arm.client import ArmClient, ArmRefusal
from wam_demo.types import ACTION_DIM


@dataclass(frozen=True)
class PreflightItem:
    """One line of the list: what was looked at, whether it is as it should be, and what is not.

    One that is not ``needed`` keeps nothing from moving.
    """

    name: str
    ok: bool
    detail: str = ""
    needed: bool = True


def preflight(client: ArmClient) -> list[PreflightItem]:
    """Go through the list.

    Args:
        client: Connected, so its token is right.

    Raises:
        SourceFault: The bridge is gone.
    """
    problems = client.ask("check")["problems"]
    status = client.status
    of = {reason: [p["text"] for p in problems if p["reason"] == reason] for reason in ("camera", "state", "stopped")}
    return [
        PreflightItem("bridge answers and knows the token", True),
        PreflightItem("STOP is released", not status.stopped, "; ".join(of["stopped"])),
        PreflightItem("arm connected, joints inside their limits", not of["state"], "; ".join(of["state"])),
        PreflightItem("cameras alive", not of["camera"], "; ".join(of["camera"])),
        PreflightItem("nobody else commands", not status.holder, status.holder and f"{status.holder} does"),
        _self_test(client),
        _drawn(client),
    ]


def _drawn(client: ArmClient) -> PreflightItem:
    name = "workspace and plans drawn into the picture"
    try:
        known = camera_poses(client.ask("observe"), load_mounts())
    except WamDemoError as error:
        return PreflightItem(name, False, str(error), needed=False)
    return PreflightItem(name, "front" in known, "" if "front" in known else "calibrate the front camera", needed=False)


def _self_test(client: ArmClient) -> PreflightItem:
    """The gate has to refuse what must never pass; without the lease even a good command is refused."""
    name = "gate refuses NaN, wrong shapes and unknown commanders"
    for motion in (np.full(ACTION_DIM, np.nan, np.float32), np.zeros(3, np.float32), np.zeros(ACTION_DIM, np.float32)):
        try:
            client.command(motion)
        except ArmRefusal:
            continue
        except SourceFault as error:
            return PreflightItem(name, False, str(error))
        return PreflightItem(name, False, f"it took {motion}")
    return PreflightItem(name, True)
