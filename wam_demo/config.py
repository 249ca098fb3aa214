"""Where weights, scenes and examples lie, in a checkout or installed, and where the app keeps what visitors leave."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
"""The checkout, or the folder that the package is installed in."""
_IN_CHECKOUT = (ROOT / "sim_scenes").is_dir()
ASSETS = Path(os.environ.get("WAM_DEMO_ASSETS") or (ROOT / "assets" if _IN_CHECKOUT else PACKAGE / "_assets"))
"""Weights and examples; another folder can be named."""
CHECKPOINTS = ASSETS / "checkpoints"
"""One folder per checkpoint: ``config.json``, ``model.safetensors``, ``README.md``."""
EXAMPLES = ASSETS / "examples"
"""Small recordings that a visitor can try."""
SCENES = ROOT / "sim_scenes" if _IN_CHECKOUT else PACKAGE / "_scenes"
"""MJCF only."""
_USER_DATA = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "wam_demo"
STATE = Path(os.environ.get("WAM_DEMO_STATE") or (ROOT / "state" if _IN_CHECKOUT else _USER_DATA))
"""What the running app keeps across restarts; on a host whose disk is temporary, a folder that is not."""
VOTES = STATE / "votes.sqlite3"
"""Votes of the Blind A/B tab."""
RUNS = STATE / "robustness"
"""Runs of the Robustness tab: one folder each."""
_USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wam_demo"
GRAPHS = Path(os.environ.get("WAM_DEMO_GRAPHS") or _USER_CACHE / "graphs")
"""Compiled networks and which of them was the fastest here; may be deleted at any time."""
