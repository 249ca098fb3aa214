"""Training cache: latents and teacher features encoded once, memory-mapped, beside the dataset.

A file is named after a digest of all the dataset's frames and of the network that encoded them, so that it is
reused for exactly these and left alone for any other.
"""

import copy
import fcntl
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor
from tqdm import tqdm

from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import CAMERA_POSES, POSE_DIM
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.models.chunk import MOTION_DIMS, motion_of
from wam_demo.models.geometry import token_rays
from wam_demo.models.precision import autocast
from wam_demo.models.teacher import Teacher
from wam_demo.models.text import text_encoder
from wam_demo.models.tokenizer import Tokenizer, to_tensor
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.sim.regions import Region, labels_in_training
from wam_demo.sim.tasks import TASKS
from wam_demo.train.calibration import calibrate, rotations, usual_poses
from wam_demo.train.interventions import draw_weights
from wam_demo.train.parallel import compute_device
from wam_demo.train.recorded_chunks import WIDE_OPEN, chunks_from_states
from wam_demo.types import (
    ACTION_DIM,
    CHUNK_STEPS,
    CONTROL_HZ,
    FUTURE_STEPS,
    IMAGE_SIZE,
    POLICY_CAMERAS,
    STATE_DIM,
    Image,
)

log = logging.getLogger(__name__)

BATCH = 64


@dataclass(frozen=True)
class Cache:
    """Arrays of one dataset, one row per frame.

    Attributes:
        latents: (N, cameras, C, H, W) float16.
        states: (N, 17) float32, raw.
        chunks: (N, 16, 7) float32 expert actions from that state; zeros where nobody labelled them.
        text: (N,) int64 row of ``embeddings``.
        embeddings: (M, 384) float32 of the distinct instructions, see `read_by`.
        episode: (N,) int64.
        future: (N, 4) int64 row of the frame at each horizon; the episode's last frame past its end.
        motion: (N, 4, 7) float32 how the TCP really moved until each of those frames, as a displacement.
        tasks: Names of the tasks in the dataset.
        content: Digest of the dataset's frames.
        every: Control steps from one frame to the next.
        labelled: (N,) bool, whose actions may be learned from; ``None``: all.
        weights: (N,) how often a frame is drawn when a policy learns from recordings; see `draw_weights`.
        poses: (N, cameras, 13) where the cameras are, see `flat_poses`; ``None`` where the dataset does not say.
        instructions: (M,) the distinct instructions.
    """

    latents: np.ndarray
    states: Tensor
    chunks: Tensor
    text: Tensor
    embeddings: Tensor
    episode: Tensor
    future: Tensor
    motion: Tensor
    tasks: list[str]
    content: str = ""
    every: int = 4
    labelled: Tensor | None = None
    weights: Tensor | None = None
    poses: Tensor | None = None
    instructions: Sequence[str] = ()

    def read_by(self, model: WorldActionModel) -> Self:
        """The same with what a network is given of the instructions, as they come sentence embeddings."""
        with torch.no_grad():
            return replace(self, embeddings=model.read_instructions(self.instructions).cpu())

    @cached_property
    def told_poses(self) -> Tensor:
        """(N, cameras, 13) poses that a policy is told when it acts on these frames.

        Those of the dataset. Where it says nothing, the usual mounts if it was made in our scenes; else zeros: unknown.
        """
        if self.poses is not None:
            return self.poses
        if self.tasks and set(self.tasks) <= set(TASKS):
            return usual_poses(calibrate(self.tasks), self.states)
        return torch.zeros(len(self.states), len(POLICY_CAMERAS), POSE_DIM)

    def told_rays(self, rows: Tensor, backbone: BackboneConfig) -> Tensor | None:
        """(B, tokens, 9) of (B,) rows, see `token_rays`; ``None`` for a backbone that reads none."""
        if not backbone.rays:
            return None
        return token_rays(self.told_poses[rows], self.states[rows, :3], backbone.grid)

    def approach(self) -> Tensor:
        """(N,) bool: frames of an episode before the expert first closes the gripper."""
        closing = (self.chunks[:, 0, 6] < 0.5).long()
        so_far = closing.cumsum(0)
        first = torch.searchsorted(self.episode, self.episode)
        return so_far - so_far[first] + closing[first] == 0

    def split(self, share: float = 0.04) -> tuple[Tensor, Tensor]:
        """Labelled rows to train and to validate on, split by episode (the last ones; a single one does both)."""
        labelled = torch.ones_like(self.episode, dtype=torch.bool) if self.labelled is None else self.labelled
        if int(self.episode.max()) == 0:
            return (rows := torch.nonzero(labelled)[:, 0]), rows
        held = self.validating(share)
        return torch.nonzero(~held & labelled)[:, 0], torch.nonzero(held & labelled)[:, 0]

    def validating(self, share: float = 0.04) -> Tensor:
        """(N,) bool: frames of the episodes that validate, labelled or not."""
        return self.episode > int(self.episode.max()) * (1 - share)


def future_rows(episode: np.ndarray, fps: float) -> np.ndarray:
    """Row of the frame at +4, +8, +12, +16 control steps, clamped to the end of the episode.

    Args:
        episode: (N,) episode index, ascending.
        fps: Rows a second.
    """
    ends = np.searchsorted(episode, episode, side="right") - 1
    offsets = np.rint(np.asarray(FUTURE_STEPS) * fps / CONTROL_HZ).astype(int)
    return np.minimum(np.arange(len(episode))[:, None] + offsets, ends[:, None])


def measured_motion(states: Tensor, future: Tensor, chunks: Tensor | None) -> Tensor:
    """Displacement from each frame to its future frames, read off the recorded states.

    Noise moved the arm elsewhere than the chunk says, so the pictures follow the states. The gripper's
    opening is the commanded one, because that is what a plan holds; without chunks, a gripper that is
    not wide open was commanded to close.

    Args:
        states: (N, 17) raw.
        future: (N, 4) rows, from `future_rows`.
        chunks: (N, 16, 7), if they may be read.

    Returns:
        (N, 4, 7) translation [m] and rotation vector [rad] in the base frame, gripper opening.
    """
    moved = states[future][..., :3] - states[:, None, :3]
    turn = rotations(states)[future] @ rotations(states)[:, None].mT
    vector = Rotation.from_matrix(turn.flatten(0, 1).numpy()).as_rotvec()
    turned = torch.from_numpy(vector).view_as(moved).float()
    opening = (
        (states[future][..., 9:10] > WIDE_OPEN).float() if chunks is None else motion_of(chunks)[..., MOTION_DIMS:]
    )
    return torch.cat([moved, turned, opening], -1)


def _images(dataset: Dataset, desc: str) -> Iterator[Tensor]:
    """(b, cameras, H, W, 3) uint8 batches of all frames in order."""
    streams = zip(*(dataset.iter_images(camera) for camera in POLICY_CAMERAS), strict=True)
    with tqdm(total=dataset.num_frames, desc=desc, disable=None) as bar:
        for rows in batched_list(streams, BATCH):
            bar.update(len(rows))
            yield torch.from_numpy(np.stack([np.stack([sized(image) for image in row]) for row in rows]))


def sized(image: Image) -> Image:
    """The picture at the size that networks see; pictures of recordings may have any."""
    if image.shape[:2] == (IMAGE_SIZE, IMAGE_SIZE):
        return image
    return cv2.resize(image, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


def batched_list(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Lists of up to ``size`` items (`itertools.batched` needs Python 3.12)."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def encoded_rows(path: Path, shape: tuple[int, ...], batches: Iterator[np.ndarray]) -> np.ndarray:
    """Write batches of rows to a float16 array file, atomically; reuse the file when it is complete.

    A run that finds another one encoding the same file waits for it.

    Returns:
        The memory-mapped array, of this shape.
    """
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.is_file():
            if others := list(path.parent.glob(f"{path.name.split('-')[0]}-????????????.npy")):
                log.warning("%s is of other frames or another network: encoding anew", others[0])
            partial = path.with_suffix(".partial.npy")
            array = np.lib.format.open_memmap(partial, "w+", np.float16, shape)
            start = 0
            for rows in batches:
                array[start : start + len(rows)] = rows
                start += len(rows)
            array.flush()
            del array
            partial.rename(path)
    return np.load(path, mmap_mode="c")  # writable for torch's sake; what is written would stay in memory


def cache_key(*parts: object) -> str:
    """Twelve hexadecimal digits that name a file by what it was made of."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:12]


@torch.no_grad()
def _latent_batches(dataset: Dataset, tokenizer: Tokenizer) -> Iterator[np.ndarray]:
    device = compute_device()
    tokenizer = copy.deepcopy(tokenizer).to(device)
    for images in _images(dataset, "latents"):
        with autocast(device):
            latents = tokenizer.encode(to_tensor(images.flatten(0, 1).to(device)))
        yield latents.float().cpu().unflatten(0, images.shape[:2]).numpy()


@torch.no_grad()
def _teacher_batches(dataset: Dataset, teacher: Teacher, grid: int) -> Iterator[np.ndarray]:
    device = compute_device()
    teacher = copy.deepcopy(teacher).to(device)
    for images in _images(dataset, "teacher"):
        with autocast(device):
            tokens = teacher.features(images.flatten(0, 1).to(device), grid)
        yield tokens.float().cpu().unflatten(0, images.shape[:2]).flatten(1, 2).numpy()


def load_cache(data: Path, tokenizer: Tokenizer, *, labelled: bool = True, region: Region = "whole") -> Cache:
    """Open a dataset for training, encoding its images if that has not been done with this tokenizer.

    Args:
        data: Folder of the dataset.
        tokenizer: Frozen.
        labelled: Read the expert's actions, or compute what was done from the states where no expert labelled them;
            without, no action of the dataset is ever read.
        region: Where labels may lie, ``whole`` or ``training``; see `wam_demo.sim.regions`.

    Raises:
        DataError: It lacks a camera of the policies, or its states are others than theirs.
        InvalidInputError: No label lies in the region.
    """
    dataset = Dataset(data)
    _require_ours(dataset)
    folder = data / "cache"
    folder.mkdir(exist_ok=True)
    config = tokenizer.config
    side = IMAGE_SIZE // (2 * config.fold)
    content = dataset.content_digest()
    shape = (dataset.num_frames, len(POLICY_CAMERAS), config.latent_channels, side, side)
    path = folder / f"latents-{cache_key(tokenizer.encoder_digest(), content)}.npy"
    latents = encoded_rows(path, shape, _latent_batches(dataset, tokenizer))
    distinct = sorted(set(dataset.instructions))
    row = {text: index for index, text in enumerate(distinct)}
    episode = np.asarray(dataset.column("episode_index"), np.int64)
    states = torch.from_numpy(np.asarray(dataset.column("observation.state"), np.float32))
    chunks = torch.zeros(dataset.num_frames, CHUNK_STEPS, ACTION_DIM)
    if labelled:
        chunks = torch.from_numpy(_labels(dataset, episode)).view_as(chunks)
    future = torch.from_numpy(future_rows(episode, dataset.fps))
    motion, allowed = measured_motion(states, future, chunks if labelled else None), None
    if labelled and region != "whole":
        allowed = torch.from_numpy(labels_in_training(states.numpy(), chunks.numpy(), episode))
        if not allowed.any():
            raise InvalidInputError(f"no episode of {data} stays in the training region")
        motion = torch.where(allowed[:, None, None], motion, measured_motion(states, future, None))
    return Cache(
        latents=latents,
        states=states,
        chunks=chunks,
        text=torch.tensor([row[text] for text in dataset.instructions]),
        embeddings=torch.from_numpy(text_encoder().embed(distinct)),
        episode=torch.from_numpy(episode),
        future=future,
        motion=motion,
        tasks=sorted(set(dataset.column("task_name"))) if "task_name" in dataset.features else [],
        content=content,
        every=max(1, round(CONTROL_HZ / dataset.fps)),
        labelled=allowed,
        weights=_weights(dataset, episode),
        poses=_poses(dataset),
        instructions=distinct,
    )


def _require_ours(dataset: Dataset) -> None:
    """Refuse what a policy of ours cannot learn from; raises `DataError`."""
    if missing := [camera for camera in POLICY_CAMERAS if camera not in dataset.cameras]:
        raise DataError(f"{dataset.root} has no camera {missing[0]!r}; it has: {', '.join(dataset.cameras) or 'none'}")
    state = dataset.features.get("observation.state")
    if state is None or state.shape != (STATE_DIM,):
        shape = "no observation.state" if state is None else f"an observation.state of shape {state.shape}"
        raise DataError(f"{dataset.root} has {shape}; training takes the {STATE_DIM} numbers of our recordings")


def _labels(dataset: Dataset, episode: np.ndarray) -> np.ndarray:
    """(N, 112) float32: the expert's chunks, or what was done after each frame."""
    if "expert_chunk" in dataset.features:
        return np.asarray(dataset.column("expert_chunk"), np.float32)
    action = dataset.features.get("action")
    ours = action is not None and action.shape == (ACTION_DIM,) and (action.names or [""])[-1] == "gripper_opening"
    opening = dataset.column("action")[:, -1] if ours else None
    return chunks_from_states(dataset.column("observation.state"), episode, dataset.fps, opening)


def _poses(dataset: Dataset) -> Tensor | None:
    if CAMERA_POSES not in dataset.features:
        return None
    return torch.from_numpy(np.asarray(dataset.column(CAMERA_POSES), np.float32)).unflatten(1, (-1, POSE_DIM))


def _weights(dataset: Dataset, episode: np.ndarray) -> Tensor:
    """(N,) float64, see `draw_weights`."""
    person = np.zeros(len(episode), bool)
    if "intervention" in dataset.features:
        person = np.asarray(dataset.column("intervention"), bool)
    return torch.from_numpy(draw_weights(person, episode, dataset.fps))


def load_teacher_features(data: Path, content: str, teacher: Teacher, grid: int) -> tuple[np.ndarray, Tensor, Tensor]:
    """Teacher features of every frame, encoded if that has not been done with this teacher.

    Args:
        data: Folder of the dataset.
        content: Digest of its frames, see `Cache`.
        teacher: Frozen.
        grid: Cells per side and camera.

    Returns:
        (N, cameras * grid * grid, D) float16; each cell's mean (cameras * grid * grid, D) and each channel's
        deviation from it (D,), of a sample. Without its mean a cell says what is there now, not where it lies.
    """
    dataset = Dataset(data)
    shape = (dataset.num_frames, len(POLICY_CAMERAS) * grid * grid, teacher.dim)
    path = data / "cache" / f"teacher-{cache_key(teacher.digest(), content, grid)}.npy"
    path.parent.mkdir(exist_ok=True)
    features = encoded_rows(path, shape, _teacher_batches(dataset, teacher, grid))
    sample = torch.from_numpy(np.asarray(features[:: max(1, len(features) // 1024)], np.float32))
    mean = sample.mean(0)
    return features, mean, (sample - mean).flatten(0, 1).std(0).clamp_min(1e-4)
