"""Downloads of an open-loop result: a LeRobot v3 dataset, a table, and a video that browsers play."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wam_demo.data.schema import Feature, image_key
from wam_demo.data.uploads.gate import READERS
from wam_demo.data.writer import LeRobotWriter
from wam_demo.diagnose.answers import Answers
from wam_demo.diagnose.labelled import LABELLED_FEATURES, add_episode, table_rows, write_film, write_table
from wam_demo.diagnose.openloop import DIMENSIONS, IMAGINE_EVERY, displacement_error
from wam_demo.diagnose.panel_columns import PanelColumns, cells, numbers, pictures
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.policies.registry import PolicySpec
from wam_demo.types import (
    ACTION_DIM,
    CHUNK_STEPS,
    CONTROL_HZ,
    FUTURE_STEPS,
    IMAGE_SIZE,
    POLICY_CAMERAS,
    STATE_DIM,
    Image,
    Prediction,
)  # fmt: skip
from wam_demo.ui.robot.upload_sessions import UploadSession
from wam_demo.ui.robot.view import strip_moment
from wam_demo.ui.shared.strip import attention_shares, strip_tiles

_TITLES = {"now": "Now", "imagined": "Imagined", "attention": "Attention", "error": "Imagined - actual"}
_SIDE, _BELOW, _BAR = 256, 128, 24


def export(kind: str, answers: Answers, spec: PolicySpec, folder: Path, instruction: str) -> Path:
    """Write one download; the whole episode must have been answered.

    Args:
        kind: ``dataset`` (zip of a LeRobotDataset v3), ``table`` (CSV) or ``video`` (h264 mp4).
        answers: What is written.
        spec: The policy that answered.
        folder: New folder to write into.
        instruction: What the policy was told.

    Raises:
        InvalidInputError: The run is not finished, or there is no such kind.
    """
    writers: Mapping[str, Callable[..., Path]] = {"dataset": _dataset, "table": _table, "video": partial(_video, spec)}
    if kind not in writers:
        raise UnknownNameError("download", kind, writers)
    if answers.scores is None:
        raise InvalidInputError("the episode is not finished yet; the download comes when it is")
    folder.mkdir(parents=True, exist_ok=True)
    return writers[kind](answers, folder, instruction)


def _dataset(answers: Answers, folder: Path, instruction: str) -> Path:
    """Images as the policy saw them, recorded state and action, the plan, where it looked and what else it showed."""
    clip, root, first = answers.clip, folder / "open_loop", answers.prediction(0)
    grids = {camera: grid.shape for camera, grid in first.attention.items()}
    values = PanelColumns(map(numbers, _predictions(answers)))
    shown = PanelColumns(map(pictures, _predictions(answers)))
    picture = Feature("image", (IMAGE_SIZE, IMAGE_SIZE, 3), ["height", "width", "channels"])
    features = {
        **{image_key(camera): picture for camera in clip.cameras},
        "observation.state": Feature("float32", (STATE_DIM,)),
        "action": Feature("float32", (ACTION_DIM,), list(DIMENSIONS)),
        "action_known": Feature("float32", (ACTION_DIM,), list(DIMENSIONS)),
        "planned_chunk": Feature("float32", (CHUNK_STEPS * ACTION_DIM,)),
        **{f"attention.{camera}": Feature("float32", (int(np.prod(shape)),)) for camera, shape in grids.items()},
        **{name: Feature("float32", value.shape) for name, value in values.first.items()},
        **{name: Feature("image", i.shape, ["height", "width", "channels"]) for name, i in shown.first.items()},
    }
    with LeRobotWriter(root, features, robot_type="recording") as writer:
        for step in range(clip.steps):
            moment, prediction = answers.moment(step), answers.prediction(step)
            writer.add_frame(
                {
                    **{image_key(c): moment.observation.images[c] for c in clip.cameras},
                    "observation.state": moment.observation.state,
                    "action": np.nan_to_num(moment.action),
                    "action_known": np.isfinite(moment.action),
                    "planned_chunk": prediction.chunk.actions.reshape(-1),
                    **{f"attention.{camera}": grid.reshape(-1) for camera, grid in prediction.attention.items()},
                    **values.row(numbers(prediction), np.nan),
                    **shown.row(pictures(prediction), 0),
                },
                instruction,
            )
        writer.end_episode()
    return _packed(root, folder / "open_loop_lerobot_v3.zip")


def export_labels(session: UploadSession, folder: Path) -> Path:
    """A zip with the labels of a session's clip as a table, a film and, where it is calibrated, a LeRobotDataset v3.

    Raises:
        InvalidInputError: They are not finished.
    """
    labels, mapping = session.labels, session.mapping
    if labels is None or mapping is None or not labels.finished:
        raise InvalidInputError("label the actions first")
    root = folder / "labels"
    root.mkdir(parents=True)
    with READERS.turn(session.visitor):
        write_table(list(table_rows(labels, session.episode)), root / "labels.parquet")
        write_film(labels, root / "labels.mp4")
        if labels.clip.calibrated:
            with LeRobotWriter(root / "dataset", LABELLED_FEATURES) as writer:
                add_episode(writer, labels, mapping.instruction)
        return _packed(root, folder / "labels.zip")


def _predictions(answers: Answers) -> Iterator[Prediction]:
    return (answers.prediction(step) for step in range(answers.clip.steps))


def _packed(root: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file():
                archive.write(file, f"{root.name}/{file.relative_to(root).as_posix()}")
                file.unlink()
    return path


def _table(answers: Answers, folder: Path, instruction: str) -> Path:
    """One row per control step; empty cells are not known."""
    path = folder / "open_loop.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        header = ["step", "time_s", *(f"recorded_{n}" for n in DIMENSIONS), *(f"planned_{n}" for n in DIMENSIONS)]
        first = answers.prediction(0)
        looked = sorted(attention_shares(first) or {})
        shown = PanelColumns(map(cells, _predictions(answers)))
        header += [*(f"tcp_error_m_at_{k}" for k in FUTURE_STEPS), *(f"attention_{n}" for n in looked), *shown.first]
        rows.writerow(header)
        for step in range(answers.clip.steps):
            values = [*_row(answers, step, looked), *shown.row(cells(answers.prediction(step)), np.nan).values()]
            rows.writerow([_cell(value) for value in values])
    return path


def _row(answers: Answers, step: int, looked: list[str]) -> list[Any]:
    prediction, actions = answers.prediction(step), answers.clip.actions
    planned = np.asarray(prediction.chunk.actions)
    apart = displacement_error(planned, actions[step : step + CHUNK_STEPS])
    errors = [apart[k - 1] if k <= len(apart) else np.nan for k in FUTURE_STEPS]
    shares = attention_shares(prediction) or {}
    return [
        step,
        step / CONTROL_HZ,
        *actions[step],
        *planned[0],
        *errors,
        *(shares.get(name, np.nan) for name in looked),
    ]


def _cell(value: Any) -> Any:
    if isinstance(value, int | str):
        return value
    return f"{float(value):.6g}" if np.isfinite(value) else ""


def _video(spec: PolicySpec, answers: Answers, folder: Path, instruction: str) -> Path:
    """The strip over time: h264, yuv420p, index in front, so that browsers play it while it loads."""
    import av

    path = folder / "open_loop.mp4"
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=CONTROL_HZ, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 4 * _SIDE, _BAR + _SIDE + _BELOW, "yuv420p"
        for step in range(answers.clip.steps):
            frame = av.VideoFrame.from_ndarray(_frame(spec, answers, step), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def _frame(spec: PolicySpec, answers: Answers, step: int) -> Image:
    """The strip; the imagination is the newest one made before, at the moment that comes next."""
    made = step - step % IMAGINE_EVERY
    ahead = next(k for k in FUTURE_STEPS if made + k >= step)
    moment = strip_moment(answers, spec, step, made, (ahead,))
    tiles = {name.replace(f".{ahead}.", "."): tile.draw() for name, tile in strip_tiles(moment).items()}
    titles = dict(_TITLES)
    if moment.imagined:
        titles["imagined"] = f"Imagined for {(made + ahead) / CONTROL_HZ:.1f} s"
    columns = [
        _column(title, {camera: tiles[f"{view}.{camera}"] for camera in POLICY_CAMERAS if f"{view}.{camera}" in tiles})
        for view, title in titles.items()
    ]
    return np.concatenate(columns, axis=1)


def _column(title: str, panel: Mapping[str, Image]) -> Image:
    column = np.full((_BAR + _SIDE + _BELOW, _SIDE, 3), 24, np.uint8)
    cv2.putText(column, title, (8, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (230, 230, 230), 1, cv2.LINE_AA)
    if "front" in panel:
        column[_BAR : _BAR + _SIDE] = cv2.resize(panel["front"], (_SIDE, _SIDE))
    if "wrist" in panel:
        column[_BAR + _SIDE :, :_BELOW] = cv2.resize(panel["wrist"], (_BELOW, _BELOW))
    return column
