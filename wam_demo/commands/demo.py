"""``demo``: the app."""

from __future__ import annotations

import argparse

from wam_demo.arguments import Parser, whole

SUMMARY = "start the app"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=whole(1, 65535), help="default: 7860 or the next free one")


def run(options: argparse.Namespace) -> None:
    """The app."""
    from wam_demo.ui.app import launch

    launch(host=options.host, port=options.port)
