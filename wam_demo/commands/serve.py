"""``serve``: a policy server for robots and other programs."""

from __future__ import annotations

import argparse
import signal

from wam_demo.arguments import Parser, add_compute, add_policy, whole

SUMMARY = "answer robots over websockets, in the protocol of openpi"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_compute(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1); others need a token")
    parser.add_argument("--port", type=whole(0, 65535), default=8000, metavar="N", help="0 takes a free one (8000)")


def run(options: argparse.Namespace) -> None:
    """A policy server for robots and other programs, until it is interrupted or terminated."""
    from wam_demo.policies.remote.hosting import open_server

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # robots are told, as after an interrupt
    with open_server(options.policy, options.checkpoint, options.host, options.port, options.compute) as server:
        print(f"{options.policy} answers at {server.url}, health at http{server.url[2:]}/healthz", flush=True)
        server.wait()
