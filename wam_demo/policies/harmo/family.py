"""The policies ``harmo`` and ``harmo_*``: one checkpoint, driven by its gate, by one expert, or by their mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wam_demo.policies.registry import LoadContext, PolicySpec
from wam_demo.policies.weights import checkpoint_directory, is_there, require_checkpoint, trained_tasks
from wam_demo.types import Policy

if TYPE_CHECKING:
    from wam_demo.policies.harmo.policy import Driver

NAME = "harmo"
EXPERTS = "experts"
"""Folder of the experts' weights beside those of their world model."""


def _require(checkpoint: Path | None) -> None:
    folder = checkpoint_directory(NAME, checkpoint)
    require_checkpoint(folder)
    require_checkpoint(folder / EXPERTS)


def _tasks(checkpoint: Path | None) -> Sequence[str]:
    return trained_tasks(checkpoint_directory(NAME, checkpoint), "wam")


def _digest(checkpoint: Path | None) -> str | None:
    """Of the experts, whose configuration names the digest of their world model."""
    from wam_demo.models.checkpoint import sha256_of

    return sha256_of(checkpoint_directory(NAME, checkpoint) / EXPERTS)


def _is_available() -> bool:
    return is_there(_require)


def _spec(driver: Driver, label: str, sentence: str) -> PolicySpec:
    def load(context: LoadContext) -> Policy:
        _require(context.checkpoint)
        from wam_demo.policies.harmo.policy import HarmoPolicy
        from wam_demo.policies.threads import limit_threads

        limit_threads()
        return HarmoPolicy(checkpoint_directory(NAME, context.checkpoint), driver)

    return PolicySpec(
        name=NAME if driver == "gate" else f"{NAME}_{driver}",
        label=label,
        sentence=sentence,
        load=load,
        tasks=_tasks,
        digest=_digest,
        require=_require,
        is_available=_is_available,
        imagines=True,
        attends=True,
        can_be_probed=True,
        follows_a_plan=True,
        dreams=True,
        has_weights=True,
    )


HARMO = _spec("gate", "HarmoWAM", "Moves by what its world model imagines, grasps by its action head; a gate switches.")
HARMO_HEIGHT = _spec(
    "height", "HarmoWAM, height rule", "A rule in the gate's place: its action head drives where the hand is low."
)
HARMO_PREDICTIVE = _spec("predictive", "HarmoWAM, predictive only", "Its action head drives all the time.")
HARMO_REACTIVE = _spec("reactive", "HarmoWAM, reactive only", "What it imagines drives all the time.")
HARMO_AVERAGE = _spec("average", "HarmoWAM, averaged", "Both experts' plans are averaged instead of switched.")
FAMILY = (HARMO, HARMO_HEIGHT, HARMO_PREDICTIVE, HARMO_REACTIVE, HARMO_AVERAGE)
