"""Where the checkout keeps what is not code: weights, scenes, pictures, and what visitors leave behind."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository checkout; the package runs from it, not from a wheel without it."""
ASSETS = ROOT / "assets"
CHECKPOINTS = ASSETS / "checkpoints"
"""One folder per checkpoint: ``config.json``, ``model.safetensors``, ``README.md``."""
SCENES = ROOT / "sim_scenes"
"""MJCF only."""
STATE = Path(os.environ.get("WAM_DEMO_STATE", ROOT / "state"))
"""What the running app keeps across restarts; on a host whose disk is temporary, a folder that is not."""
VOTES = STATE / "votes.sqlite3"
"""Votes of the Blind A/B tab."""
RUNS = STATE / "robustness"
"""Runs of the Robustness tab: one folder each."""
