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
REFERENCE = ASSETS / "reference" / "pick_place.jsonl.xz"
"""Journal of the grid that a first visitor of the Robustness tab sees."""
SEVERITIES = ASSETS / "pictures" / "severities.jpg"
"""Every perturbation axis, one a row, at severities 1 to 5 beside each other."""
SCENES = ROOT / "sim_scenes" if _IN_CHECKOUT else PACKAGE / "_scenes"
"""MJCF only."""
PUBLIC = "SPACE_ID" in os.environ
"""Whether strangers share this server, as on a Space: nothing of theirs is kept."""
_USER_DATA = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "wam_demo"
STATE = Path(os.environ.get("WAM_DEMO_STATE") or (ROOT / "state" if _IN_CHECKOUT else _USER_DATA))
"""What the running app keeps across restarts; on a host whose disk is temporary, a folder that is not."""
SHARES = STATE / "shares.sqlite3"
"""Attempts that visitors shared."""
VOTES = STATE / "votes.sqlite3"
"""Votes of the Blind A/B tab."""
RUNS = STATE / "robustness"
"""Runs of the Robustness tab: one folder each."""
RECORDINGS = STATE / "recordings"
"""Datasets that were recorded here: one folder each."""
TUNED = STATE / "policies"
"""Policies that were fine-tuned here: one folder each, named as the policy."""
TUNING = STATE / "tuning"
"""Runs of fine-tuning, and the demonstrations that they rehearse."""
