"""``label``: which actions a video shows, and how far that is from what was recorded."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from wam_demo.arguments import Parser, real, whole
from wam_demo.commands.episodes import episode_numbers
from wam_demo.commands.output import finish, prepare, progress, require_learned
from wam_demo.commands.recording import map_recording, open_recording
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.data.uploads.contracts import Description
    from wam_demo.data.uploads.mapping import RobotMapping
    from wam_demo.diagnose.labelling import ClipLabels
    from wam_demo.robots.clip import Clip

SUMMARY = "say which actions a video shows"
TABLE, DATASET, FILM = "labels.parquet", "dataset", "labels.mp4"
"""What is written beside results.json; the film is of the first episode."""
UNCALIBRATED = (
    "nobody says where the cameras stand and where the tool is: labels stay in the pictures, "
    "and no action in metres is written"
)


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("file", metavar="FILE", help="recording: a file, a folder, or a repo id on the Hub")
    parser.add_argument("--policy", metavar="P", help="policy that can label; default: the first one there is")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="weights instead of the shipped ones")
    parser.add_argument("--episodes", type=episode_numbers, metavar="N[-M],..", help="which; default: all")
    parser.add_argument("--start", type=real(0, 86_400), default=0.0, metavar="S", help="seconds into each (0)")
    parser.add_argument("--stop", type=real(0, 86_400), metavar="S", help="seconds into each; default: its end")
    parser.add_argument("--every", type=whole(1, 16), default=4, metavar="K", help="steps between two labels (4)")
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="where the cameras stand, as the Arm tab saves it"
    )
    parser.add_argument("--instruction", metavar="TEXT", help="what was asked for; default: the recording's own")
    parser.add_argument(
        "--map", action="append", default=[], metavar="ENTRY=VALUE", help="change the guessed mapping; see inspect"
    )


def run(options: argparse.Namespace) -> None:
    """Label episodes of a recording."""
    from wam_demo.evaluate.report.tables import label_table
    from wam_demo.policies.registry import checkpoint_digest

    options.policy = options.policy or _labeller()
    require_learned(options, "labels")
    path, description = open_recording(options.file)
    mapping = map_recording(description, options)
    out = prepare(options, "label")
    began = time.monotonic()
    content: dict[str, Any] = {
        "seed": options.seed,
        "file": path.name,
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "format": description.format,
        **_labelled(options, path, description, mapping, out),
        "seconds": time.monotonic() - began,
        "mapping": mapping.document(),
    }
    if not content["calibrated"]:
        print(f"note: {UNCALIBRATED}")
    print(label_table(content))
    finish(out, "label", content, printed=True)


def _labeller() -> str:
    """The first policy that can label; its weights may come from elsewhere."""
    from wam_demo.policies.registry import policy_specs

    return next(spec.name for spec in policy_specs() if spec.labels)


def _labelled(
    options: argparse.Namespace, path: Path, description: Description, mapping: RobotMapping, out: Path
) -> dict[str, Any]:
    """Label every episode and write all but results.json; returns its content."""
    from wam_demo.data.writer import LeRobotWriter
    from wam_demo.diagnose.labelled import LABELLED_FEATURES, add_episode, table_rows, write_film, write_table
    from wam_demo.diagnose.labelling import AHEAD, ClipLabels, LabelErrors, asking
    from wam_demo.policies.labelling import Labeller
    from wam_demo.policies.registry import load_policy
    from wam_demo.types import CONTROL_HZ

    policy = cast(Labeller, load_policy(options.policy, options.checkpoint))
    chosen = range(len(description.episodes)) if options.episodes is None else options.episodes
    rows: list[dict[str, Any]] = []
    labelled = 0
    errors: LabelErrors | None = None
    with ExitStack() as opened:
        writer: LeRobotWriter | None = None
        for number in chosen:
            with _clip(options, path, description, mapping, number) as clip:
                if clip.steps <= AHEAD and len(chosen) > 1:
                    continue  # too short to be labelled, as `ClipLabels` says of a single one
                labels = ClipLabels(clip, asking(policy), options.every)
                _run(labels, number)
                if errors is None:
                    write_film(labels, out / FILM)
                if clip.calibrated:
                    writer = writer or opened.enter_context(LeRobotWriter(out / DATASET, LABELLED_FEATURES))
                    add_episode(writer, labels, mapping.instruction)
                rows += table_rows(labels, number)
                errors = labels.errors() if errors is None else errors.joined(labels.errors())
                labelled += 1
    if errors is None:
        raise InvalidInputError(f"every episode is shorter than the {AHEAD / CONTROL_HZ:.1f} s that a label needs")
    write_table(rows, out / TABLE)
    counts = {"episodes": labelled, "too_short": len(chosen) - labelled, "every": options.every}
    return {**counts, **errors.document()}


@contextmanager
def _clip(
    options: argparse.Namespace, path: Path, description: Description, mapping: RobotMapping, episode: int
) -> Iterator[Clip]:
    """One episode, taken out of the recording."""
    from wam_demo.robots.clip import Clip
    from wam_demo.robots.recording import Recording

    with tempfile.TemporaryDirectory(prefix="wam-demo-label-") as folder:
        with Recording(path, description, mapping, episode, options.start, options.stop) as recording:
            clip = Clip(Path(folder) / "clip", recording)
            clip.load(recording)
        if options.calibration is not None:
            clip.calibrate(_mounts(options.calibration))
        yield clip


def _mounts(path: Path) -> Any:
    from wam_demo.robots.arm.calibration import load_mounts

    if not path.is_file():
        raise InvalidInputError(f"there is no calibration at {path}")
    return load_mounts(path)


def _run(labels: ClipLabels, episode: int) -> None:
    with progress(len(labels.starts), f"episode {episode}", unit="label") as advance:
        labels.run(advance)
