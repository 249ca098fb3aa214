"""What commands share: the output folder, results.json, progress, and which policies have weights."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wam_demo.errors import InvalidInputError

_LACKS = {
    "has_weights": "has no weights",
    "imagines": "does not imagine",
    "dreams": "cannot dream",
    "labels": "cannot label a film",
    "can_be_probed": "has no video tokens to read or edit",
}


def prepare(options: argparse.Namespace, command: str) -> Path:
    """The output folder, proven writable before work starts."""
    from wam_demo.evaluate.output import prepare_output

    return prepare_output(options.out or Path("results") / f"{command}-{time.strftime('%Y%m%d-%H%M%S')}")


def finish(out: Path, command: str, content: dict[str, Any], printed: bool = False) -> None:
    """Write results.json, print the table unless that is done, and say where the file is."""
    from wam_demo.evaluate.output import write_results
    from wam_demo.evaluate.report.tables import measure_table

    if not printed:
        print(measure_table(content))
    print(f"\n{write_results(out, command, content)}")


def require_learned(options: argparse.Namespace, *capabilities: str) -> None:
    """Refuse a policy without weights, or without one of these capabilities; raises `InvalidInputError`."""
    from wam_demo.policies.registry import policy_specs, require_policy

    spec = require_policy(options.policy, options.checkpoint)
    for capability in ("has_weights", *capabilities):
        if not getattr(spec, capability):
            able = ", ".join(other.name for other in policy_specs() if getattr(other, capability))
            raise InvalidInputError(f"policy {spec.name!r} {_LACKS[capability]}; valid: {able}")


def one_or_two(options: argparse.Namespace, *capabilities: str) -> list[tuple[str, Path | None]]:
    """Name and checkpoint of the policy and of the one it is compared with, if there is one.

    Raises:
        InvalidInputError: One has no weights, or not these capabilities.
    """
    chosen = [(options.policy, options.checkpoint)]
    if options.compare:
        chosen.append((options.compare, options.compare_checkpoint))
    for name, checkpoint in chosen:
        require_learned(argparse.Namespace(policy=name, checkpoint=checkpoint), *capabilities)
    return chosen


@contextmanager
def progress(total: int, label: str, done: int = 0, unit: str = "episode") -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what advances it by one."""
    from tqdm import tqdm

    with tqdm(total=total, initial=done, desc=label, unit=unit, disable=None) as bar:
        yield lambda: bar.update() and None
