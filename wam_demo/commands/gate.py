"""``gate``: how often, and how punctually, HarmoWAM's gate is right on demonstrations."""

from __future__ import annotations

import argparse
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from wam_demo.arguments import Parser, directory
from wam_demo.commands.output import finish, prepare
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.policies.harmo.policy import HarmoPolicy

SUMMARY = "compare HarmoWAM's gate with its labels on demonstrations"
PICTURE = "gate.png"
"""The first episode."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="weights instead of the shipped ones")
    parser.add_argument("--data", type=directory, required=True, metavar="DIR", help="dataset of 'demos --every 1'")


def run(options: argparse.Namespace) -> None:
    """Ask the gate about every frame; figures and a picture of the first episode."""
    from PIL import Image

    from wam_demo.data.lerobot import Dataset
    from wam_demo.diagnose.gate import gate_document, gate_traces
    from wam_demo.diagnose.gate_picture import gate_picture
    from wam_demo.policies.registry import checkpoint_digest, load_policy

    dataset = Dataset(options.data)
    if len(dataset.episode_bounds) < 2:
        raise InvalidInputError(f"{options.data} holds fewer than two episodes, which an interval needs")
    out = prepare(options, "gate")
    policy = cast("HarmoPolicy", load_policy("harmo", options.checkpoint))
    began = time.monotonic()
    traces = list(gate_traces(policy.interaction, dataset))
    frames = list(islice(dataset.iter_images("front"), len(traces[0].label)))
    Image.fromarray(gate_picture(frames, traces[0])).save(out / PICTURE)
    content = {"checkpoint_sha256": checkpoint_digest("harmo", options.checkpoint), "seed": options.seed}
    finish(out, "gate", {**content, **gate_document(traces), "seconds": time.monotonic() - began})
