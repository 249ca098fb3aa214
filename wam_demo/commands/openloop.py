"""``openloop``: errors of a policy's plans and imaginations on a recording."""

from __future__ import annotations

import argparse
import time
from typing import Any

from wam_demo.arguments import Parser, add_policy, real, whole
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.commands.recording import map_recording, open_recording
from wam_demo.errors import InvalidInputError

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
    content = _scored(options)
    digest = checkpoint_digest(options.policy, options.checkpoint)
    print(openloop_table(content))
    finish(out, "openloop", {"seed": options.seed, "checkpoint_sha256": digest, **content}, printed=True)


def _scored(options: argparse.Namespace) -> dict[str, Any]:
    """The content of results.json."""
    from wam_demo.diagnose.openloop import judge, policy_calls, score
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
            judged = judge(recording.moments(), plan, imagine, options.every)
            scores = score(judged, recording.actions, advance)
        frames, steps = recording.frames, recording.steps
    seconds = time.monotonic() - began
    return {
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
