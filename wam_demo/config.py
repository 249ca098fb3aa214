"""Where the checkout keeps what is not code: weights, scenes, pictures."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository checkout; the package runs from it, not from a wheel without it."""
ASSETS = ROOT / "assets"
CHECKPOINTS = ASSETS / "checkpoints"
"""One folder per checkpoint: ``config.json``, ``model.safetensors``, ``README.md``."""
EXAMPLES = ASSETS / "examples"
"""Small recordings that a visitor can try."""
SCENES = ROOT / "sim_scenes"
"""MJCF only."""
