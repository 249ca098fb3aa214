"""Judges by pictures alone whether what was asked for is fulfilled: a success head on a policy's features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.errors import CheckpointError
from wam_demo.models.wam.model import BackboneFeatures
from wam_demo.models.wam.success import FOLDER, SuccessHead
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import Observation


@dataclass(frozen=True)
class Judgement:
    """What the head says of observations.

    Attributes:
        success: (B,) probability 0..1 that the instruction is fulfilled now.
        value: (B,) expected discounted nearness 0..1 of its fulfilment, see `SuccessHead`.
    """

    success: NDArray[np.float32]
    value: NDArray[np.float32]


class SuccessJudge:
    """A success head and the policy that it reads.

    Args:
        policy: Whose features it reads; it computes with torch.
        folder: Of the head's checkpoint; by default ``success`` beside the weights ``checkpoint``.

    Raises:
        CheckpointError: The head is missing or corrupt, or belongs to other weights.
    """

    def __init__(self, policy: WamPolicy, folder: Path) -> None:
        self.policy = policy
        self.head = SuccessHead.from_pretrained(folder)
        if self.head.config.policy_sha256 != policy.checkpoint_sha256:
            raise CheckpointError(f"{folder} was trained with other weights than those that it is to read")

    @property
    def threshold(self) -> float:
        """Probability from which the instruction counts as fulfilled."""
        return self.head.config.threshold

    @torch.inference_mode()
    def judge(self, observations: Sequence[Observation]) -> Judgement:
        """Judge what is seen, in the simulator or in a dream alike."""
        return self.judge_features(self.policy.read(observations))

    @torch.inference_mode()
    def judge_features(self, observed: BackboneFeatures) -> Judgement:
        """Judge what the policy has read already."""
        success, value = self.head(observed.features, observed.text)
        return Judgement(_probabilities(success), _probabilities(value))


def success_folder(checkpoint: Path) -> Path:
    """Where the success head of these weights lies."""
    return Path(checkpoint) / FOLDER


def _probabilities(logits: Tensor) -> NDArray[np.float32]:
    return logits.float().sigmoid().numpy()
