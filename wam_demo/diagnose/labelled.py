"""What is written of labels: a table, a dataset that can be trained on, and a film with the labels drawn in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wam_demo.data.schema import DEMONSTRATION_FEATURES, Feature, image_key
from wam_demo.data.writer import LeRobotWriter
from wam_demo.diagnose.labelling import ClipLabels
from wam_demo.diagnose.openloop import DIMENSIONS
from wam_demo.robots.recording import SHOWN_SIZE
from wam_demo.types import ACTION_DIM, CONTROL_HZ, OPENING_INDEX, POLICY_CAMERAS, Image, Vector

POINTS = ("tool", "x", "z")
"""The TCP, the point along its x axis, the one against its z axis."""
COLOURS = ((255, 90, 80), (80, 220, 110), (90, 150, 255))
"""Of these points, as the action video draws them."""
LABELLED_FEATURES: Mapping[str, Feature] = {
    **{image_key(camera): DEMONSTRATION_FEATURES[image_key(camera)] for camera in POLICY_CAMERAS},
    "observation.state": DEMONSTRATION_FEATURES["observation.state"],
    "action": DEMONSTRATION_FEATURES["action"],
    "action_known": Feature("float32", (ACTION_DIM,), list(DIMENSIONS)),
}
"""Columns of a labelled dataset; ``action_known`` is 1 where a number of ``action`` could be read off."""


def table_rows(labels: ClipLabels, episode: int) -> Iterator[dict[str, Any]]:
    """A row per label and step ahead, ``None`` for what could not be read off.

    Where the TCP is then [m, rotation vector in rad], the opening, the confidence, and the three points in each picture
    of the moment that is labelled.
    """
    for start, label in sorted(labels.made.items()):
        vectors = _vectors(label.rotation)
        for index, position in enumerate(label.position):
            at = start + index + 1
            row = {"episode": episode, "step": start, "ahead": index + 1, "time_s": at / CONTROL_HZ}
            if labels.clip.calibrated:
                row |= dict(zip(DIMENSIONS[:6], [*position, *vectors[index]], strict=True))
            row |= {"opening": label.opening[index], "confidence": label.confidence[index]}
            for camera in labels.clip.cameras:
                for name, point in zip(POINTS, label.points[camera][index], strict=True):
                    row |= {f"{camera}_{name}_u": point[0], f"{camera}_{name}_v": point[1]}
            yield {name: _known(value) for name, value in row.items()}


def write_table(rows: list[dict[str, Any]], path: Path) -> None:
    """Parquet, a column per entry."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)


def add_episode(writer: LeRobotWriter, labels: ClipLabels, instruction: str) -> None:
    """Append a calibrated clip with its labels as actions; its last frame has no action and is left out."""
    actions = labels.actions()
    for moment in labels.clip.moments():
        if moment.step == labels.clip.steps - 1:
            break
        frame = {
            **{image_key(camera): image for camera, image in moment.observation.images.items()},
            "observation.state": moment.observation.state,
            "action": _held(actions[moment.step], moment.observation.state),
            "action_known": np.isfinite(actions[moment.step]).astype(np.float32),
        }
        writer.add_frame(frame, instruction)
    writer.end_episode()


def write_film(labels: ClipLabels, path: Path) -> None:
    """H.264, 10 frames a second: the views side by side with the rest of the newest label drawn in.

    Only the front camera stands still: in the wrist's picture a label is drawn at the moment that it was made for.
    """
    import av

    clip = labels.clip
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=CONTROL_HZ, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = SHOWN_SIZE * len(clip.cameras), SHOWN_SIZE, "yuv420p"
        for moment in clip.moments():
            views = [moment.pictures[camera].copy() for camera in clip.cameras]
            for camera, points in shown_points(labels, moment.step).items():
                draw_points(views[clip.cameras.index(camera)], points)
            sheet = np.concatenate(views, axis=1)
            for packet in stream.encode(av.VideoFrame.from_ndarray(sheet, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def shown_points(labels: ClipLabels, step: int) -> dict[str, Vector]:
    """What is drawn at a control step: (N, 3, 2) points by camera, from the next step on.

    Of the wrist, which moves, only at the step that a label was made for.
    """
    newest = labels.newest(step)
    if newest is None:
        return {}
    start, label = newest
    cameras = labels.clip.cameras if start == step else ("front",)
    return {camera: label.points[camera][step - start :] for camera in cameras}


def draw_points(picture: Image, points: Vector) -> None:
    """Draw (N, 3, 2) points 0..1 into a picture: the way of each, and a dot where it ends."""
    side = np.array([picture.shape[1], picture.shape[0]])
    for index in (2, 1, 0):  # the tool on top
        known = points[np.isfinite(points[:, index]).all(1), index] * side
        if not len(known):
            continue
        way = np.round(known).clip(-10_000, 10_000).astype(np.int32)
        cv2.polylines(picture, [way], False, (0, 0, 0), 4 if index == 0 else 2, cv2.LINE_AA)
        cv2.polylines(picture, [way], False, COLOURS[index], 2 if index == 0 else 1, cv2.LINE_AA)
        cv2.circle(picture, way[-1].tolist(), 4 if index == 0 else 3, COLOURS[index], -1, cv2.LINE_AA)


def _vectors(rotations: Vector) -> Vector:
    """(N, 3) rotation vectors [rad] of (N, 3, 3) matrices; NaN stays NaN."""
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(rotations), 3), np.nan, np.float32)
    known = np.isfinite(rotations).all((1, 2))
    if known.any():
        vectors[known] = Rotation.from_matrix(rotations[known]).as_rotvec()
    return vectors


def _known(value: Any) -> Any:
    if isinstance(value, int):
        return value
    return float(value) if np.isfinite(value) else None


def _held(action: Vector, state: Vector) -> Vector:
    """An action without gaps: what could not be read off holds the arm, and the gripper as it is."""
    return np.where(np.isfinite(action), action, [*np.zeros(6), state[OPENING_INDEX]]).astype(np.float32)
