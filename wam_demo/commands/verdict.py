"""A person at the terminal says how an episode on an arm went, and resets the scene."""

from __future__ import annotations

import sys

from wam_demo.errors import InvalidInputError


def ask_verdict() -> tuple[bool, str]:
    """Success and a note; raises `InvalidInputError` if nobody is there."""
    while True:
        print("success or failure? [s/f, then a note if there is one] ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            raise InvalidInputError("nobody is there to judge the trial")
        key, _, note = line.strip().partition(" ")
        if key in ("s", "f"):
            print("reset the scene, then press Enter ", end="", flush=True)
            sys.stdin.readline()
            return key == "s", note.strip()
