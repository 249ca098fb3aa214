"""The layout of a LeRobotDataset v3: where its files lie, its features, its arrow schema."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wam_demo.errors import UnknownNameError
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, IMAGE_SIZE, POLICY_CAMERAS, STATE_DIM, CameraPose, Observation

CODEBASE_VERSION = "v3.0"
INFO_PATH = "meta/info.json"
STATS_PATH = "meta/stats.json"
TASKS_PATH = "meta/tasks.parquet"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
FILES_PER_CHUNK = 1000
DATA_FILE_MB = 100

_XYZ = ("x", "y", "z")
_STATE_NAMES = [
    *(f"tcp_position.{axis}" for axis in _XYZ),
    *(f"tcp_rotation.{column}{axis}" for column in (0, 1) for axis in _XYZ),
    "gripper_opening",
    *(f"joint_{joint}" for joint in range(7)),
]
_ACTION_NAMES = [
    *(f"tcp_translation.{axis}" for axis in _XYZ),
    *(f"tcp_rotation_vector.{axis}" for axis in _XYZ),
    "gripper_opening",
]


@dataclass(frozen=True)
class Feature:
    """One column of a dataset.

    Attributes:
        dtype: ``image`` (PNG in the data file), ``video`` (h264 beside it), ``string``, or a numpy dtype name.
        shape: Of one frame; ``(1,)`` is stored as a scalar.
        names: Of the dimensions.
    """

    dtype: str
    shape: tuple[int, ...]
    names: list[str] | None = None

    @property
    def is_image(self) -> bool:
        """Whether frames are images."""
        return self.dtype == "image"

    @property
    def is_video(self) -> bool:
        """Whether frames lie in a video file, and not in the data file."""
        return self.dtype == "video"

    def arrow(self) -> pa.DataType:
        """Arrow type of one frame."""
        if self.is_image:
            return pa.struct({"bytes": pa.binary(), "path": pa.string()})
        value = pa.string() if self.dtype == "string" else pa.from_numpy_dtype(self.dtype)
        return value if self.shape == (1,) else pa.list_(value, self.shape[0])

    def hub(self) -> dict[str, Any]:
        """The type in the notation of the Hub's ``datasets`` library."""
        if self.is_image:
            return {"_type": "Image"}
        value = {"dtype": self.dtype, "_type": "Value"}
        if self.shape == (1,):
            return value
        return {"feature": value, "length": self.shape[0], "_type": "Sequence"}

    def json(self, fps: float) -> dict[str, Any]:
        """The entry of ``meta/info.json``."""
        entry: dict[str, Any] = {"dtype": self.dtype, "shape": list(self.shape), "names": self.names}
        return {**entry, "info": self._video_info(fps)} if self.is_video else entry

    def _video_info(self, fps: float) -> dict[str, Any]:
        height, width, channels = self.shape
        return {
            "video.height": height,
            "video.width": width,
            "video.channels": channels,
            "video.codec": "h264",
            "video.pix_fmt": "yuv420p",
            "video.fps": fps,
            "video.is_depth_map": False,
            "has_audio": False,
        }


INDEX_FEATURES = {
    "timestamp": Feature("float32", (1,)),
    "frame_index": Feature("int64", (1,)),
    "episode_index": Feature("int64", (1,)),
    "index": Feature("int64", (1,)),
    "task_index": Feature("int64", (1,)),
}
"""Columns every LeRobot dataset has; writers fill them in."""


def image_key(camera: str) -> str:
    """Column of a camera."""
    return f"observation.images.{camera}"


CAMERA_POSES = "camera_poses"
"""Column of where the cameras are, in the base frame; no name that begins with ``observation``, which LeRobot would
take for a second state."""
POSE_DIM = 13
"""Numbers of a camera's pose: position 3 [m], rotation 9 row by row, tangent of half the field of view."""
_CAMERA_POSES_FEATURE = Feature("float32", (len(POLICY_CAMERAS) * POSE_DIM,))
DEMONSTRATION_FEATURES: Mapping[str, Feature] = {
    **{
        image_key(camera): Feature("image", (IMAGE_SIZE, IMAGE_SIZE, 3), ["height", "width", "channels"])
        for camera in POLICY_CAMERAS
    },
    "observation.state": Feature("float32", (STATE_DIM,), _STATE_NAMES),
    "action": Feature("float32", (ACTION_DIM,), _ACTION_NAMES),
    CAMERA_POSES: _CAMERA_POSES_FEATURE,
    "expert_chunk": Feature("float32", (CHUNK_STEPS * ACTION_DIM,)),
    "next.success": Feature("bool", (1,)),
    "task_name": Feature("string", (1,)),
}
"""What a demonstration holds per frame; ``expert_chunk`` is the expert's plan, flattened."""

FULFILLED, OTHER_INSTRUCTION, OTHER_FULFILLED = "fulfilled", "other_instruction", "other_fulfilled"
ATTEMPT_FEATURES: Mapping[str, Feature] = {
    **{name: feature for name, feature in DEMONSTRATION_FEATURES.items() if name not in ("expert_chunk", CAMERA_POSES)},
    FULFILLED: Feature("bool", (1,)),
    OTHER_INSTRUCTION: Feature("string", (1,)),
    OTHER_FULFILLED: Feature("bool", (1,)),
}
"""What an attempt holds, see `wam_demo.sim.attempts`: nothing to imitate, but whether its instruction and another one
are fulfilled in the frame."""


def flat_poses(observation: Observation) -> NDArray[np.float32]:
    """(cameras * 13,) float32 poses of the policy's cameras, zeros where one is not calibrated."""
    poses, flat = observation.cameras or {}, np.zeros((len(POLICY_CAMERAS), POSE_DIM), np.float32)
    for row, name in zip(flat, POLICY_CAMERAS, strict=True):
        if name in poses:
            row[:] = *poses[name].position, *poses[name].rotation.ravel(), poses[name].half
    return flat.ravel()


def poses_from(flat: NDArray[np.float32]) -> dict[str, CameraPose]:
    """Inverse of `flat_poses`: the pose of each camera that is calibrated, by name."""
    rows = zip(POLICY_CAMERAS, np.asarray(flat, np.float32).reshape(-1, POSE_DIM), strict=True)
    return {name: CameraPose(row[:3], row[3:12].reshape(3, 3), float(row[12])) for name, row in rows if row.any()}


COMMANDED = "commanded_action"
"""Column of what was asked for; no name that begins with ``action``, which LeRobot would take for a second action."""


def recording_features(cameras: Mapping[str, tuple[int, int]]) -> dict[str, Feature]:
    """What a recording holds per frame; ``action`` is as applied, like that of a demonstration.

    Args:
        cameras: Height and width [px] by camera.
    """
    return {
        **{
            image_key(name): Feature("video", (height, width, 3), ["height", "width", "channels"])
            for name, (height, width) in cameras.items()
        },
        "observation.state": DEMONSTRATION_FEATURES["observation.state"],
        CAMERA_POSES: _CAMERA_POSES_FEATURE,
        "action": DEMONSTRATION_FEATURES["action"],
        COMMANDED: DEMONSTRATION_FEATURES["action"],
        "intervention": Feature("bool", (1,)),
        "person_weight": Feature("float32", (1,)),
        "next.success": Feature("bool", (1,)),
        "events": Feature("string", (1,)),
        "task_name": Feature("string", (1,)),
    }


def arrow_schema(features: Mapping[str, Feature]) -> pa.Schema:
    """Schema of the data files, with the Hub's metadata so that viewers show the images."""
    stored = {name: feature for name, feature in features.items() if not feature.is_video}
    described = {name: feature.hub() for name, feature in stored.items()}
    metadata = {"huggingface": json.dumps({"info": {"features": described}})}
    fields = [(name, feature.arrow()) for name, feature in stored.items()]
    return pa.schema(fields, metadata=metadata)


def require_feature(name: str, features: Mapping[str, Feature]) -> Feature:
    """The feature of that name; raises `UnknownNameError`."""
    if name not in features:
        raise UnknownNameError("dataset column", name, features)
    return features[name]


def file_position(number: int) -> dict[str, int]:
    """Chunk and file index of the n-th file of a dataset."""
    return {"chunk_index": number // FILES_PER_CHUNK, "file_index": number % FILES_PER_CHUNK}
