"""Labelled renders of randomised scenes on disk, for the teacher and the tokenizer."""

from pathlib import Path
from typing import Any

import numpy as np

LABEL_STRIDE = 2
"""Labels are kept at every second pixel."""
SCENES_PER_FILE = 200
"""A file is written whole or not at all, so this is what a kill can cost."""


def ensure_randomised(folder: Path, seed: int, scenes: int, frames_per_scene: int) -> list[Path]:
    """Render what is missing of ``scenes`` randomised scenes into ``folder``.

    Returns:
        ``.npz`` files, each with up to `SCENES_PER_FILE` scenes; existing ones are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for start in range(0, scenes, SCENES_PER_FILE):
        path = folder / f"randomised-{seed:03d}-{start:05d}.npz"
        if not path.is_file():
            write_labelled_frames(
                path, seed * 1_000_000 + start, min(SCENES_PER_FILE, scenes - start), frames_per_scene
            )
        files.append(path)
    return files


def write_labelled_frames(path: Path, seed: int, scenes: int, frames_per_scene: int) -> None:
    """Render randomised scenes into one ``.npz`` file of images and half-resolution labels."""
    from wam_demo.sim.randomised import randomised_frames

    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("image", "segment", "offset", "colour", "depth")}
    grid = slice(LABEL_STRIDE // 2, None, LABEL_STRIDE)
    for frame in randomised_frames(seed, scenes, frames_per_scene):
        columns["image"].append(frame["image"])
        columns["segment"].append(frame["segment"][grid, grid].astype(np.uint8))
        columns["offset"].append(np.clip(frame["offset"][grid, grid], -64, 64).astype(np.float16))
        columns["colour"].append(np.round(255 * np.asarray(frame["colour"][grid, grid], np.float32)).astype(np.uint8))
        columns["depth"].append(frame["depth"][grid, grid].astype(np.float16))
    partial = path.with_suffix(".partial.npz")
    arrays: dict[str, Any] = {name: np.stack(rows) for name, rows in columns.items()}
    np.savez(partial, **arrays)
    partial.rename(path)


def load_randomised(files: list[Path]) -> dict[str, np.ndarray]:
    """Concatenate the files of `ensure_randomised`: image, segment, offset, colour, depth."""
    parts = [dict(np.load(file, allow_pickle=False)) for file in files]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
