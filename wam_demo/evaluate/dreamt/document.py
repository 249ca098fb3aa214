"""What a dream evaluation says: rates by policy and task, and whether dreams rank policies as the simulator does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wam_demo.diagnose.dream_eval import JudgedScene
from wam_demo.evaluate.report.tables import table
from wam_demo.evaluate.statistics.ranking import agreement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wam_demo.models.wam.success import SuccessConfig

ALL = "all"
"""Name of the tasks together."""


def dream_eval_document(scenes: Sequence[JudgedScene], judge: SuccessConfig) -> dict[str, Any]:
    """Content of ``results.json``.

    Args:
        scenes: What was played; a scene counts where every policy played it.
        judge: Of the success head.

    Returns:
        ``judge``; ``n``, scenes of each task that every policy played; ``policies``, by name and task the successes in
        the simulator (``sim``), as called by the judge there (``seen``) and in the dream (``dream``); ``agreement``, by
        task and for all, see `Agreement`: of ``dream`` with ``sim``, and as ``judge_alone`` of ``seen`` with ``sim``;
        ``same_verdict``, the share of scenes in which dream and simulator, or judge and simulator, say the same.
    """
    policies = list(dict.fromkeys(scene.policy for scene in scenes))
    by_key = {(scene.policy, scene.task, scene.seed): scene for scene in scenes}
    places = dict.fromkeys((scene.task, scene.seed) for scene in scenes)
    whole = [place for place in places if all((policy, *place) in by_key for policy in policies)]
    tasks = list(dict.fromkeys(task for task, _ in whole))
    chosen = {task: [place for place in whole if place[0] == task] for task in tasks}
    if len(tasks) > 1:
        chosen[ALL] = whole
    table = {
        task: [[by_key[policy, *place] for place in of_task] for policy in policies] for task, of_task in chosen.items()
    }
    return {
        "judge": {"policy_sha256": judge.policy_sha256, "threshold": judge.threshold},
        "n": {task: len(of_task) for task, of_task in chosen.items()},
        "policies": {
            policy: {task: _counts(rows[number]) for task, rows in table.items()}
            for number, policy in enumerate(policies)
        },
        "agreement": {task: _agreement(rows) for task, rows in table.items()},
    }


def _counts(scenes: Sequence[JudgedScene]) -> dict[str, int]:
    return {
        "n": len(scenes),
        "sim": sum(scene.sim for scene in scenes),
        "seen": sum(scene.seen for scene in scenes),
        "dream": sum(scene.dreamt for scene in scenes),
    }


def _agreement(rows: Sequence[Sequence[JudgedScene]]) -> dict[str, Any]:
    import numpy as np

    def flags(name: str) -> NDArray[np.bool_]:
        return np.array([[getattr(scene, name) for scene in row] for row in rows], bool)

    seeds, sim = np.array([scene.seed for scene in rows[0]]), flags("sim")
    dream, seen = flags("dreamt"), flags("seen")
    return {
        **asdict(agreement(dream, sim, seeds)),
        "judge_alone": asdict(agreement(seen, sim, seeds)),
        "same_verdict": {"dream": float((dream == sim).mean()), "judge_alone": float((seen == sim).mean())},
    }


def dream_eval_lines(content: Mapping[str, Any]) -> list[str]:
    """The tables for the terminal."""
    tasks = list(content["n"])
    headers = ["policy", *(f"{task} (n={content['n'][task]}) sim / judge / dream" for task in tasks)]
    rows = [
        [policy, *("{sim} / {seen} / {dream}".format(**by_task[task]) for task in tasks)]
        for policy, by_task in content["policies"].items()
    ]
    found = [
        [
            task,
            _with(of["pearson"], of["pearson_ci95"]),
            _with(of["mmrv"], of["mmrv_ci95"]),
            *of["same_verdict"].values(),
        ]
        for task, of in content["agreement"].items()
    ]
    agreed = ["task", "Pearson r", "MMRV", "same verdict: dream", "judge alone"]
    return [table(headers, rows), "", table(agreed, found)]


def _with(value: float | None, interval: Sequence[float] | None) -> str | None:
    if value is None or interval is None:
        return None
    return "{:.2f} [{:.2f}, {:.2f}]".format(value, *interval)
