"""The tab "Your robot": one component that takes a recording, and what answers its questions."""

from __future__ import annotations

from typing import Any

import gradio as gr

from wam_demo.data.uploads.contracts import FITS, TURNS
from wam_demo.data.uploads.mapping import ACTIONS, CALIBRATIONS, KINEMATICS, ROTATIONS, UNITS
from wam_demo.limits import UPLOAD_BYTES
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.robot.answers import EXAMPLE, LONGEST_S, labellers, responder, usable
from wam_demo.ui.robot.thumbnails import THUMBNAILS
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.component import Answer

_SCRIPTS = (
    *(f"shared/{name}.js" for name in ("dom", "place", "taught", "strip", "charts")),
    *(
        f"robot/{name}.js"
        for name in (
            "player_markup",
            "markup",
            "mappings",
            "setup",
            "episodes",
            "preview",
            "scores",
            "labels",
            "player",
            "start",
        )
    ),
)


def build_robot(catalogue: Catalogue, sessions: UploadSessions) -> gr.HTML:
    """Add the component to the blocks that are open.

    Args:
        catalogue: Policies that can be chosen.
        sessions: What the pages look at.
    """
    answer = responder(catalogue, sessions)

    def robot(question: Any) -> Answer:
        return answer(question)

    return component.component(script(catalogue), "robot", [robot])


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the choices of this machine in front."""
    config = {
        "policies": component.named({name: catalogue.labels[name] for name in usable(catalogue)}),
        "labellers": component.named({name: catalogue.labels[name] for name in labellers(catalogue)}),
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "megabytes": UPLOAD_BYTES >> 20,
        "longest_s": LONGEST_S,
        "thumbnails": THUMBNAILS,
        "turns": TURNS,
        "fits": FITS,
        "actions": ACTIONS,
        "rotations": list(ROTATIONS),
        "units": list(UNITS),
        "kinematics": list(KINEMATICS),
        "calibrations": list(CALIBRATIONS),
        "example": EXAMPLE.is_file(),
    }
    return component.script(config, *_SCRIPTS)
