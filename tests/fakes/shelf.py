"""Small recordings as the recorder leaves them, smooth enough to be looked at and to be judged."""

from pathlib import Path

import numpy as np

from wam_demo.data.recording import EpisodeNotes, RecordingWriter
from wam_demo.data.schema import CAMERA_POSES, image_key, recording_features


def shelf(root: Path, lengths=(30, 24, 28), size: int = 64, said: str = "put the ruby cube in the bowl") -> Path:
    """A dataset of hands on smooth ways; episode 1 begins with two seconds of standing still and was taken over."""
    with RecordingWriter(root, recording_features({"front": (size, size), "wrist": (size, size)})) as writer:
        for number, length in enumerate(lengths):
            for step in range(length):
                writer.add_frame(_frame(number, max(0, step - 20) if number == 1 else step, step, size), said)
            taken = number == 1
            notes = EpisodeNotes(task_name="reach", success=number != 2, success_by="judge", policy="steer")
            drivers = {"drivers": "steer,person" if taken else "steer", "interventions": int(taken)}
            writer.end_episode(EpisodeNotes(**{**notes.__dict__, **drivers}))
    return root


def _frame(number: int, moved: int, step: int, size: int) -> dict:
    state = np.zeros(17, np.float32)
    state[:3] = 0.4 + 0.004 * moved, 0.05 * number - 0.1, 0.2
    state[[3, 7, 9]] = 1.0
    image = np.full((size, size, 3), 60, np.uint8)
    at = min(size - 12, 4 + moved)
    image[at : at + 10, 10 + 12 * number : 20 + 12 * number] = 200, 40, 40
    action = np.zeros(7, np.float32)
    return {
        image_key("front"): image, image_key("wrist"): image, "observation.state": state, "action": action,
        "commanded_action": action, "intervention": number == 1 and step > 20, "person_weight": 0.0,
        CAMERA_POSES: np.zeros(26, np.float32), "next.success": False, "events": "", "task_name": "reach",
    }  # fmt: skip
