"""``openloop``: errors of a policy's plans and imaginations on a recording."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, add_policy, real, whole
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.commands.recording import map_recording, open_recording
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.diagnose.panel_columns import Key

PANELS = "panels.csv"
"""What the policy showed beside its plans."""
SUMMARY = "run a policy over a recording and compare"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("file", metavar="FILE", help="recording: a file, a folder, or a repo id on the Hub")
    add_policy(parser)
    parser.add_argument("--episode", type=whole(0, 1_000_000), default=0, metavar="K", help="which episode (0)")
    parser.add_argument("--start", type=real(0, 86_400), default=0.0, metavar="S", help="seconds into it (0)")
    parser.add_argument("--stop", type=real(0, 86_400), metavar="S", help="seconds into it; default: its end")
    parser.add_argument("--every", type=whole(1, 1000), default=10, metavar="K", help="steps between imaginations (10)")
    parser.add_argument("--instruction", metavar="TEXT", help="what the policy is told; default: the recording's own")
    parser.add_argument(
        "--map", action="append", default=[], metavar="ENTRY=VALUE", help="change the guessed mapping; see inspect"
    )


def run(options: argparse.Namespace) -> None:
    """Run a policy over one episode of a recording."""
    from wam_demo.evaluate.report.tables import openloop_table
    from wam_demo.policies.registry import checkpoint_digest, require_policy

    if require_policy(options.policy, options.checkpoint).privileged:
        raise InvalidInputError(f"policy {options.policy!r} reads the simulator, which a recording is not")
    out = prepare(options, "openloop")
    content, shown = _scored(options)
    if any(shown):
        _write_panels(out / PANELS, shown)
        content["panels"] = PANELS
    digest = checkpoint_digest(options.policy, options.checkpoint)
    print(openloop_table(content))
    finish(out, "openloop", {"seed": options.seed, "checkpoint_sha256": digest, **content}, printed=True)


def _write_panels(path: Path, shown: Sequence[Mapping[Key, float | str]]) -> None:
    """One row per control step; empty cells were not shown."""
    from wam_demo.diagnose.panel_columns import PanelColumns

    columns = PanelColumns(shown)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["step", *columns.first])
        rows.writerows([step, *columns.row(values, "").values()] for step, values in enumerate(shown))


def _scored(options: argparse.Namespace) -> tuple[dict[str, Any], list[Mapping[Key, float | str]]]:
    """The content of results.json, and what the policy showed beside its plan at each control step."""
    from wam_demo.diagnose.openloop import AnsweredStep, judge, policy_calls, score
    from wam_demo.diagnose.panel_columns import cells
    from wam_demo.policies.registry import load_policy, policy_spec
    from wam_demo.robots.recording import Recording

    path, description = open_recording(options.file)
    mapping = map_recording(description, options)
    policy: Any = load_policy(options.policy, options.checkpoint)
    plan, imagine = policy_calls(policy, policy_spec(options.policy).imagines)
    if mapping.instruction:
        policy.reset(mapping.instruction)
    began = time.monotonic()
    with Recording(path, description, mapping, options.episode, options.start, options.stop) as recording:
        with progress(recording.steps, options.policy, unit="step") as advance:
            shown: list[Mapping[Key, float | str]] = []

            def judged() -> Iterator[AnsweredStep]:
                for answer in judge(recording.moments(), plan, imagine, options.every):
                    shown.append(cells(answer.prediction))
                    yield answer

            scores = score(judged(), recording.actions, advance)
        frames, steps = recording.frames, recording.steps
    seconds = time.monotonic() - began
    content: dict[str, Any] = {
        "file": path.name,
        "policy": options.policy,
        "format": description.format,
        "episode": options.episode,
        "frames": frames,
        "steps": steps,
        **scores.document(),
        "seconds": seconds,
        "frames_per_s": frames / seconds,
        "mapping": mapping.document(),
    }
    return content, shown
