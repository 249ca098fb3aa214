"""Labelled renders of randomised scenes on disk, for the teacher and the tokenizer."""

import fcntl
import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.data.supervise import Failed, supervise

log = logging.getLogger(__name__)

LABEL_STRIDE = 2
"""Labels are kept at every second pixel."""
SCENES_PER_FILE = 200
"""A file is written whole or not at all, so this is what a kill can cost."""


def ensure_randomised(folder: Path, seed: int, scenes: int, frames_per_scene: int) -> list[Path]:
    """Render what is missing of ``scenes`` randomised scenes into ``folder``, on all cores.

    Returns:
        ``.npz`` files, each with up to `SCENES_PER_FILE` scenes; existing ones are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (folder / f"randomised-{seed:03d}-{start:05d}.npz", start, min(SCENES_PER_FILE, scenes - start))
        for start in range(0, scenes, SCENES_PER_FILE)
    ]
    work = partial(_RenderWork, seed, frames_per_scene)
    with (folder / "renders.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes that train together one renders
        missing = [job for job in jobs if not job[0].is_file()]
        for event in supervise(work, missing, min(os.cpu_count() or 1, len(missing))) if missing else ():
            if isinstance(event, Failed):
                log.warning("rendering %s: %s; it is redone", missing[event.job][0].name, event.reason)
    return [path for path, _, _ in jobs]


class _RenderWork:
    """Renders one file, in a process that may crash; see `supervise`."""

    def __init__(self, seed: int, frames_per_scene: int) -> None:
        self._seed, self._frames = seed, frames_per_scene

    def __call__(self, job: tuple[Path, int, int], report: Callable[[int], None]) -> None:
        path, start, scenes = job
        write_labelled_frames(path, self._seed * 1_000_000 + start, scenes, self._frames, report)


def write_labelled_frames(
    path: Path, seed: int, scenes: int, frames_per_scene: int, report: Callable[[int], None] = lambda frames: None
) -> None:
    """Render randomised scenes into one ``.npz`` file of images and half-resolution labels, reporting progress."""
    from wam_demo.sim.randomised import randomised_frames

    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("image", "segment", "offset", "colour", "depth")}
    grid = slice(LABEL_STRIDE // 2, None, LABEL_STRIDE)
    for frame in randomised_frames(seed, scenes, frames_per_scene):
        report(len(columns["image"]))
        columns["image"].append(frame["image"])
        columns["segment"].append(frame["segment"][grid, grid].astype(np.uint8))
        columns["offset"].append(np.clip(frame["offset"][grid, grid], -64, 64).astype(np.float16))
        columns["colour"].append(np.round(255 * np.asarray(frame["colour"][grid, grid], np.float32)).astype(np.uint8))
        columns["depth"].append(frame["depth"][grid, grid].astype(np.float16))
    unfinished = path.with_suffix(".partial.npz")
    arrays: dict[str, Any] = {name: np.stack(rows) for name, rows in columns.items()}
    np.savez(unfinished, **arrays)
    unfinished.rename(path)


def load_randomised(files: list[Path]) -> dict[str, np.ndarray]:
    """Concatenate the files of `ensure_randomised`: image, segment, offset, colour, depth."""
    parts = [dict(np.load(file, allow_pickle=False)) for file in files]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
