"""The success head: whether what was asked for is fulfilled, and how near it is, from a policy's features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint
from wam_demo.models.layers import FeedForward, attend, normalise_heads, split_heads
from wam_demo.models.wam.backbone import BackboneConfig

FOLDER = "success"
"""Where it lies beside its policy's weights."""
QUERIES = 4
"""Tokens that look at the features, the instruction's among them."""


@dataclass(frozen=True)
class SuccessConfig:
    """What rebuilds a success head.

    Attributes:
        backbone: Of the policy whose features it reads.
        blocks: Which blocks' outputs it reads, side by side.
        dim: Token width.
        depth: Times that it looks.
        heads: Attention heads.
        discount: Of the value, a control step.
        threshold: Probability from which the instruction counts as fulfilled.
        policy_sha256: Weights of that policy.
        trained: Free-form provenance.
    """

    backbone: BackboneConfig
    blocks: tuple[int, ...] = (2, 5)
    dim: int = 96
    depth: int = 2
    heads: int = 4
    discount: float = 0.98
    threshold: float = 0.5
    policy_sha256: str = ""
    trained: dict[str, object] = field(default_factory=dict)


HELD_LOOKS = 2
"""Looks in a row, 0.4 s apart, that must find it fulfilled for an episode to be a success."""


def lasts(flags: Sequence[bool]) -> bool:
    """Whether `HELD_LOOKS` in a row are true."""
    return any(all(flags[at : at + HELD_LOOKS]) for at in range(len(flags) - HELD_LOOKS + 1))


class LookingLayer(nn.Module):
    """A few queries look at all video tokens, then think."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value, self.out = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.feed_forward = FeedForward(dim, 2)

    def forward(self, queries: Tensor, seen: Tensor) -> Tensor:
        """(B, QUERIES, dim) after a look at (B, N, dim)."""
        key, value = self.key_value(seen).chunk(2, -1)
        query = split_heads(self.query(F.layer_norm(queries, queries.shape[-1:])), self.heads)
        key = split_heads(key, self.heads)
        looked, _ = attend(normalise_heads(query), normalise_heads(key), split_heads(value, self.heads))
        queries = queries + self.out(looked)
        queries = queries + self.feed_forward(F.layer_norm(queries, queries.shape[-1:]))
        return queries


class SuccessHead(nn.Module):
    """Logits of success and of the value, from the features of the pass that acts.

    The value is the expected ``discount ** k`` for k control steps until the instruction is fulfilled, zero where it
    never is: unlike the probability of success it also differs between states that are all far from it.
    """

    def __init__(self, config: SuccessConfig) -> None:
        super().__init__()
        self.config = config
        video, dim = config.backbone, config.dim
        self.project = nn.Linear(len(config.blocks) * video.dim, dim)
        self.places = nn.Parameter(0.02 * torch.randn(video.cameras * video.grid**2, dim))
        self.asked = nn.Linear(video.text_dim, dim)
        self.queries = nn.Parameter(0.02 * torch.randn(QUERIES, dim))
        self.layers = nn.ModuleList(LookingLayer(dim, config.heads) for _ in range(config.depth))
        self.out = nn.Linear(QUERIES * dim, 2)

    def forward(self, features: Sequence[Tensor], text: Tensor) -> tuple[Tensor, Tensor]:
        """What the features say.

        Args:
            features: Every block's output (B, cameras * frame_tokens, video dim).
            text: (B, 384).

        Returns:
            (B,) logits that the instruction is fulfilled now, and (B,) logits of the value.
        """
        return self.judge([features[block] for block in self.config.blocks], text)

    def judge(self, chosen: Sequence[Tensor], text: Tensor) -> tuple[Tensor, Tensor]:
        """As the call, from the outputs of the blocks that it reads alone."""
        dtype = self.project.weight.dtype
        normal = [F.layer_norm(part, part.shape[-1:]).to(dtype) for part in chosen]
        seen = self.project(torch.cat(normal, -1)) + self.places
        asked = self.asked(text.to(dtype) * text.shape[-1] ** 0.5)
        queries = self.queries + asked[:, None]
        for layer in self.layers:
            queries = layer(queries, seen)
        success, value = self.out(F.layer_norm(queries, queries.shape[-1:]).flatten(1)).float().unbind(-1)
        return success, value

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "success", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "success")
        values.pop("kind")
        values["backbone"] = BackboneConfig(**values["backbone"])
        values["blocks"] = tuple(values["blocks"])
        head = cls(SuccessConfig(**values))
        load_weights(head, directory)
        return head.eval().requires_grad_(False)
