"""What robots send to a policy server."""

import numpy as np

from wam_demo.types import Observation


def message(**changes) -> dict:
    """A valid observation as a robot sends it; a value of ``None`` leaves its key out."""
    content = {
        "observation/image": np.full((128, 128, 3), 90, np.uint8),
        "observation/wrist_image": np.full((128, 128, 3), 60, np.uint8),
        "observation/state": np.zeros(17, np.float32),
        "prompt": "put the red cube into the bowl",
    }
    content |= {key.replace("__", "/"): value for key, value in changes.items()}
    return {key: value for key, value in content.items() if value is not None}


def seen(instruction: str = "go", state=None) -> Observation:
    """An observation with both pictures."""
    rng = np.random.default_rng(0)
    images = {camera: rng.integers(0, 255, (128, 128, 3), np.uint8) for camera in ("front", "wrist")}
    return Observation(images, np.zeros(17, np.float32) if state is None else state, instruction, 0.0)
