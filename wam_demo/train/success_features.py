"""Frames as a policy's network reads them, for what learns beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.batches import rows_on
from wam_demo.train.cache import Cache, cache_key, encoded_rows, load_cache
from wam_demo.train.success_samples import JudgedSamples

READ_BATCH = 16


@dataclass(frozen=True)
class ReadFrames:
    """Samples and what a policy's network makes of them.

    Attributes:
        samples: Frames, instructions and labels.
        features: Reads (B,) samples as (B, blocks, tokens, dim) float32.
    """

    samples: JudgedSamples
    features: Callable[[Tensor], Tensor]


class FeatureReader:
    """Reads frames through a policy's network, once: what was read lies in the dataset's ``cache``.

    Args:
        model: The policy's network, on the device where it computes.
        policy: Its checkpoint.
        tokenizer: The policy's.
        blocks: Whose outputs are kept.
    """

    def __init__(self, model: WorldActionModel, policy: Path, tokenizer: Tokenizer, blocks: tuple[int, ...]) -> None:
        self._model, self._policy, self._tokenizer, self._blocks = model, policy, tokenizer, blocks

    def read(self, data: Path, samples: JudgedSamples) -> ReadFrames:
        """The samples of a dataset."""
        cache, samples = load_cache(data, self._tokenizer, labelled=False), samples.read_by(self._model)
        video = self._model.config.backbone
        shape = (len(samples.rows), len(self._blocks), video.cameras * video.grid**2, video.dim)
        key = cache_key(
            sha256_of(self._policy), cache.content, self._blocks, samples.rows.tolist(), samples.words.tolist()
        )
        read = encoded_rows(data / "cache" / f"success-{key}.npy", shape, self._batches(cache, samples))
        return ReadFrames(samples, rows_on(read, next(self._model.parameters()).device))

    @torch.no_grad()
    def _batches(self, cache: Cache, samples: JudgedSamples) -> Iterator[np.ndarray]:
        device = next(self._model.parameters()).device
        latents, backbone = rows_on(cache.latents, device), self._model.config.backbone
        with tqdm(total=len(samples.rows), desc="features", disable=None) as bar:
            for part in torch.arange(len(samples.rows)).split(READ_BATCH):
                rows, text = samples.rows[part], samples.text[part].to(device)
                states, rays = cache.states[rows].to(device), cache.told_rays(rows, backbone)
                with autocast(device):
                    observed = self._model.read(latents(rows), text, states, None if rays is None else rays.to(device))
                yield torch.stack([observed.features[block] for block in self._blocks], 1).float().cpu().numpy()
                bar.update(len(part))


def joined_frames(parts: list[ReadFrames]) -> ReadFrames:
    """Those of all datasets, numbered on."""
    first, *others = parts
    for other in others:
        first = _joined(first, other)
    return first


def _joined(first: ReadFrames, second: ReadFrames) -> ReadFrames:
    count = len(first.samples.rows)

    def features(chosen: Tensor) -> Tensor:
        in_first = chosen < count
        mine, theirs = first.features(chosen[in_first]), second.features(chosen[~in_first] - count)
        both = mine.new_empty((len(chosen), *mine.shape[1:]))
        both[in_first], both[~in_first] = mine, theirs
        return both

    return ReadFrames(first.samples.joined(second.samples), features)
