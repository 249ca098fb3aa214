"""``dream-check``: what a dream keeps of the truth, beside the simulator."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, add_one_task, add_policy, one_of, whole
from wam_demo.commands.output import finish, prepare, progress, require_learned
from wam_demo.errors import SimulationFault

if TYPE_CHECKING:
    from wam_demo.diagnose.outcomes import RepeatedScene
    from wam_demo.sim.world import World

SUMMARY = "what a dream keeps: objects that left the view, failures that are failures"
WHAT = ("permanence", "outcomes")
SHOWN = 12
"""Scenes on the picture."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("what", type=one_of("check", WHAT), metavar="{permanence,outcomes}")
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 10_000), default=20, metavar="N", help="scenes (20)")
    parser.add_argument("--judge", type=Path, metavar="DIR", help="weights whose success head judges (agra)")


def run(options: argparse.Namespace) -> None:
    """Looks away and back, or the expert's attempts and mishaps repeated; a picture of the first scenes beside it."""
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.policies.registry import load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    require_learned(options, "dreams")
    out = prepare(options, "dream-check")
    policy: Any = load_policy(options.policy, options.checkpoint)
    asked = {"policy": options.policy, "task": options.task, "seed": options.seed, "episodes": options.episodes}
    world = World(options.task)
    try:
        check = _permanence if options.what == "permanence" else _outcomes
        content = check(world, policy, seeds, options, out)
    finally:
        world.close()
    finish(out, "dream-check", {"what": options.what, **asked, **content}, printed=True)


def _permanence(world: World, policy: Any, seeds: Sequence[int], options: argparse.Namespace, out: Path) -> Any:
    from wam_demo.diagnose.permanence import looks_away

    with progress(len(seeds), options.policy) as advance:
        looks = looks_away(world, policy, seeds, advance)
    if not looks:
        raise SimulationFault("no object left the wrist's view in any of these scenes")
    _draw(out / "looks.png", [look.pictures for look in looks[:SHOWN]])
    kept = _rate([look.there for look in looks])
    apart = [look.apart_cm for look in looks if look.apart_cm is not None]
    print(f"there again: {_said(kept)}")
    told = ("seed", "object", "there", "apart_cm", "area")
    rows = [{name: getattr(look, name) for name in told} for look in looks]
    return {"there": kept, "apart_cm_median": _median(apart), "looks": rows}


def _outcomes(world: World, policy: Any, seeds: Sequence[int], options: argparse.Namespace, out: Path) -> Any:
    from wam_demo.config import CHECKPOINTS
    from wam_demo.diagnose.outcomes import repeated_scenes
    from wam_demo.policies.wam.judge import SuccessJudge, success_folder
    from wam_demo.policies.wam.policy import WamPolicy

    weights = options.judge or CHECKPOINTS / "agra"
    judge = SuccessJudge(WamPolicy(weights), success_folder(weights))
    with progress(len(seeds), options.policy) as advance:
        scenes = repeated_scenes(world, policy, judge, seeds, advance)
    if not scenes:
        raise SimulationFault("the physics diverged in every scene")
    _draw(out / "ends.png", [[p for last in s.last for p in last.values()] for s in scenes[:SHOWN]])
    groups = {"failures": [s for s in scenes if not s.sim], "successes": [s for s in scenes if s.sim]}
    found = {name: _agreement(group) for name, group in groups.items() if group}
    for name, agreed in found.items():
        print(f"{name}: in the dream too {_said(agreed['dreamt'])}; the judge on the simulator {_said(agreed['seen'])}")
    mishaps = {m: _agreement([s for s in scenes if s.mishap == m]) for m in sorted({s.mishap for s in scenes})}
    told = ("seed", "mishap", "sim", "seen", "dreamt")
    rows = [{name: getattr(scene, name) for name in told} for scene in scenes]
    return {**found, "by_mishap": mishaps, "scenes": rows}


def _agreement(scenes: Sequence[RepeatedScene]) -> dict[str, Any]:
    """How often the dream, and the judge on the simulator's pictures, say what the simulator says."""
    return {
        "dreamt": _rate([scene.dreamt == scene.sim for scene in scenes]),
        "seen": _rate([scene.seen == scene.sim for scene in scenes]),
    }


def _rate(flags: Sequence[bool]) -> dict[str, Any]:
    from wam_demo.evaluate.statistics.rates import wilson

    interval = wilson(sum(flags), len(flags))
    return {"n": len(flags), "count": sum(flags), "ci95": [interval.low, interval.high]}


def _said(rate: dict[str, Any]) -> str:
    low, high = rate["ci95"]
    return f"{rate['count']} of {rate['n']} [{low:.2f}, {high:.2f}]"


def _median(values: Sequence[float]) -> float | None:
    import numpy as np

    return float(np.median(values)) if values else None


def _draw(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """One scene a row, its pictures side by side."""
    import numpy as np
    from PIL import Image

    Image.fromarray(np.concatenate([np.concatenate(row, 1) for row in rows])).save(path)
