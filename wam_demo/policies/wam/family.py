"""One network, trained without and with aligned features, on demonstrations of one room and on varied ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from wam_demo.policies.compute.variants import EAGER
from wam_demo.policies.registry import LoadContext, PolicySpec
from wam_demo.policies.weights import checkpoint_directory, is_there, require_checkpoint, trained_tasks
from wam_demo.types import Policy

IMAGINATION, SUCCESS = "imagination", "success"
"""Folders beside the weights: of the imagination model and of the success head."""


def weights_spec(name: str, label: str, sentence: str, shipped: Path | None = None) -> PolicySpec:
    """A policy of this network.

    Args:
        name: As on the command line.
        label: As on the page.
        sentence: For visitors.
        shipped: Where its own weights lie; by default among the shipped ones, under its name.
    """

    def own(checkpoint: Path | None) -> Path:
        return checkpoint_directory(name, checkpoint or shipped)

    def require(checkpoint: Path | None) -> None:
        require_checkpoint(own(checkpoint))

    def load(context: LoadContext) -> Policy:
        require(context.checkpoint)
        from wam_demo.policies.threads import limit_threads
        from wam_demo.policies.wam.choice import open_wam

        limit_threads()
        return open_wam(own(context.checkpoint), context.compute)

    def measured(checkpoint: Path | None) -> str | None:
        from wam_demo.policies.threads import limit_threads
        from wam_demo.policies.wam.choice import measured_way

        limit_threads()
        return measured_way(own(checkpoint))

    def fastest(checkpoint: Path | None) -> str:
        from wam_demo.policies.threads import limit_threads
        from wam_demo.policies.wam.choice import fastest_way

        limit_threads()
        return fastest_way(own(checkpoint))

    def tasks(checkpoint: Path | None) -> Sequence[str]:
        return trained_tasks(own(checkpoint), "wam")

    def digest(checkpoint: Path | None) -> str | None:
        from wam_demo.models.checkpoint import sha256_of

        return sha256_of(own(checkpoint))

    def is_available() -> bool:
        return is_there(require)

    spec = PolicySpec(
        name=name,
        label=label,
        sentence=sentence,
        load=load,
        tasks=tasks,
        digest=digest,
        fastest=fastest,
        measured=measured,
        require=require,
        is_available=is_available,
        imagines=True,
        attends=True,
        can_be_probed=True,
        follows_a_plan=True,
        dreams=True,
        has_weights=True,
        weights=own(None),
    )
    return replace(spec, looking_ahead=partial(_looking_ahead, spec, own))


def _looking_ahead(spec: PolicySpec, own: Callable[[Path | None], Path], name: str, candidates: int) -> PolicySpec:
    """The policy that chooses between so many plans; it is computed by torch."""

    def require(checkpoint: Path | None) -> None:
        spec.require(checkpoint)
        for part in (IMAGINATION, SUCCESS):
            require_checkpoint(own(checkpoint) / part)

    def load(context: LoadContext) -> Policy:
        require(context.checkpoint)
        from wam_demo.policies.threads import limit_threads
        from wam_demo.policies.wam.lookahead import LookaheadPolicy

        limit_threads()
        return LookaheadPolicy(own(context.checkpoint), candidates)

    return replace(
        spec,
        name=name,
        label=f"{spec.label}, looking ahead",
        sentence=f"{spec.sentence} It imagines the end of {candidates} plans and acts on the most promising one.",
        load=load,
        require=require,
        fastest=lambda checkpoint: EAGER,
        measured=lambda checkpoint: EAGER,
        weights=None,
        looking_ahead=None,
    )


AGRA_WIDE = weights_spec(
    "agra_wide",
    "AGRA, wide",
    "A world action model: it imagines the next 1.6 s and acts on the same features. It was taught to see objects as a "
    "large visual encoder sees them, in many rooms, under many cameras, with many words, and from policies' mistakes.",
)
AGRA = weights_spec(
    "agra",
    "AGRA, aligned",
    "The same network and the same lesson, but shown a single room, one camera mount and few words.",
)
WAM = weights_spec(
    "wam",
    "WAM, not aligned",
    "AGRA, aligned, without the lesson of the visual encoder: it acts on what it learned from video alone.",
)
WAM_WIDE = weights_spec(
    "wam_wide",
    "WAM, wide",
    "AGRA, wide, without the lesson of the visual encoder, shown the same varied demonstrations.",
)
