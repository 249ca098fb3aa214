"""The policy ``action_images``: a video model that draws its actions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wam_demo.policies.registry import LoadContext, PolicySpec
from wam_demo.policies.weights import checkpoint_directory, is_there, require_checkpoint, trained_tasks
from wam_demo.types import Policy

NAME = "action_images"


def _require(checkpoint: Path | None) -> None:
    require_checkpoint(checkpoint_directory(NAME, checkpoint))


def _load(context: LoadContext) -> Policy:
    _require(context.checkpoint)
    from wam_demo.policies.action_images.policy import ActionImagesPolicy
    from wam_demo.policies.threads import limit_threads

    limit_threads()
    return ActionImagesPolicy(checkpoint_directory(NAME, context.checkpoint))


def _tasks(checkpoint: Path | None) -> Sequence[str]:
    return trained_tasks(checkpoint_directory(NAME, checkpoint), NAME)


def _digest(checkpoint: Path | None) -> str | None:
    from wam_demo.models.checkpoint import sha256_of

    return sha256_of(checkpoint_directory(NAME, checkpoint))


def _is_available() -> bool:
    return is_there(_require)


ACTION_IMAGES = PolicySpec(
    name=NAME,
    label="Action Images",
    sentence="A video model without an action head: it draws its action into the camera views as it imagines the "
    "scene, and the arm does what geometry reads there.",
    load=_load,
    tasks=_tasks,
    digest=_digest,
    require=_require,
    is_available=_is_available,
    imagines=True,
    attends=True,
    follows_a_plan=True,
    labels=True,
    has_weights=True,
)
