"""The Live tab's probe: a person marks a region, and sees what the plan would be without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from wam_demo.diagnose.finding import Finding, Masked, Question, Selection
from wam_demo.errors import InvalidInputError
from wam_demo.runtime import SessionView
from wam_demo.types import CONTROL_HZ, Image, Observation, Vector
from wam_demo.ui.live.inquirer import Answer
from wam_demo.ui.shared.packet import Tile
from wam_demo.ui.shared.pictures import heat_peak, overlay
from wam_demo.ui.shared.questions import Probing
from wam_demo.ui.shared.timeline import planned_path, rows

if TYPE_CHECKING:
    from wam_demo.policies.probe import Probe

PICTURE = 256
"""Side [px] of the maps."""
CELLS = 8
"""Cells per side that the page lets a person mark; a policy with another grid gets the nearest ones."""


@dataclass(frozen=True)
class ProbeAsk:
    """What a person asked, at which moment.

    Attributes:
        probing: The policy.
        episode: Of the view that was asked about.
        step: Control step of its newest observation.
        observation: What the policy saw.
        selection: What to mask; ``None`` for the maps only.
        warn: Shows the person one line; called from any thread.
    """

    probing: Probing
    episode: int
    step: int
    observation: Observation
    selection: Selection | None
    warn: Callable[[str], None]

    @cached_property
    def question(self) -> Question:
        """The edits that answer it."""
        return Question.about(self.selection, self.probing.grid, np.random.default_rng(self.step))

    def submit(self) -> Future[Probe]:
        """Ask for plans under the edits."""
        return self.probing.submit(self.observation, self.question.edits)

    def find(self, result: Probe) -> Finding:
        """What they say."""
        return self.question.answer(result)


def ask_about(
    view: SessionView, probing: Probing | None, region: Mapping[str, Any], warn: Callable[[str], None]
) -> ProbeAsk:
    """A question about the newest moment of a view.

    Args:
        view: What the person looks at.
        probing: Of its policy.
        region: As `parse_region` has it.
        warn: Shows the person one line.

    Raises:
        InvalidInputError: The policy cannot be probed.
    """
    policy = view.settings.policy
    if probing is None:
        raise InvalidInputError(f"{policy} has no video tokens: there is nothing to mask")
    selection = None
    if region:
        selection = Selection.between(region["camera"], region["from"], region["to"], probing.grid.side)
    step = round(view.observation.time * CONTROL_HZ)
    return ProbeAsk(probing, view.episode, step, view.observation, selection, warn)


def probe_tiles(answer: Answer[ProbeAsk] | None, view: SessionView) -> dict[str, Tile]:
    """Raw attention and causal map of the probed moment by ``probe.kind.camera``; none of another episode."""
    if answer is None or answer.ask.episode != view.episode:
        return {}
    maps = {"attention": answer.finding.attention, "causal": answer.finding.causal}
    return {
        f"probe.{kind}.{camera}": Tile(
            (view.episode, answer.number),
            partial(_map, answer.ask.observation.images[camera], cells, heat_peak(found)),
        )
        for kind, found in maps.items()
        for camera, cells in found.items()
    }


def probe_status(answer: Answer[ProbeAsk] | None, view: SessionView) -> dict[str, Any] | None:
    """What the page says about the probed moment: JSON-ready; ``None`` when there is nothing of this episode."""
    if answer is None or answer.ask.episode != view.episode:
        return None
    masked = answer.finding.masked
    return {
        "number": answer.number,
        "step": answer.ask.step,
        "ms": round(answer.milliseconds),
        "masked": None if masked is None else _masked(masked),
    }


def _masked(masked: Masked) -> dict[str, Any]:
    selection = masked.selection
    return {
        "camera": selection.camera,
        "cells": [selection.top, selection.left, selection.bottom, selection.right],
        "looks": round(masked.looks, 4),
        "area": round(masked.area, 4),
        "change": round(masked.change, 3),
        "shift_cm": round(100 * masked.shift_m, 2),
        "background_cm": None if masked.background_m is None else round(100 * masked.background_m, 2),
        "path": rows(planned_path(masked.actions)),
    }


def _map(image: Image, cells: Vector, peak: float) -> Image:
    large = cv2.resize(image, (PICTURE, PICTURE), interpolation=cv2.INTER_CUBIC)
    return overlay(large, cells, peak)
