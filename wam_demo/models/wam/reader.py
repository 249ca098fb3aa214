"""What a policy reads of an instruction beyond its sentence embedding: which word stands where.

A sentence embedding is a mean over tokens, in which "the red cube on the blue one" and "the blue cube on the red one"
are nearly the same. The reader looks at the tokens themselves and adds to the embedding what the mean has lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wam_demo.models.text import TEXT_DIM, WORD_TOKENS


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes of an instruction reader.

    Attributes:
        queries: Learned questions, each of which looks over the tokens once.
        dim: Width of keys, values and answers.
        hidden: Width of what the answers are put together in.
    """

    queries: int = 4
    dim: int = 64
    hidden: int = 128


class InstructionReader(nn.Module):
    """Attention of learned queries over the tokens of an instruction; adds nothing until it is trained."""

    def __init__(self, config: ReaderConfig | None = None) -> None:
        super().__init__()
        config = config or ReaderConfig()
        self.keys, self.values = nn.Linear(TEXT_DIM, config.dim), nn.Linear(TEXT_DIM, config.dim)
        self.places = nn.Parameter(torch.zeros(WORD_TOKENS, config.dim))
        self.queries = nn.Parameter(torch.randn(config.queries, config.dim) * config.dim**-0.5)
        self.join = nn.Sequential(nn.Linear(config.queries * config.dim, config.hidden), nn.SiLU())
        self.out = nn.Linear(config.hidden, TEXT_DIM)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def understand(self, tokens: Tensor, there: Tensor) -> Tensor:
        """(B, hidden) of tokens (B, T, 384), those that are ``there`` (B, T) bool."""
        keys = self.keys(tokens) + self.places[: tokens.shape[1]]
        scores = self.queries @ keys.mT * keys.shape[-1] ** -0.5
        weights = scores.masked_fill(~there[:, None], float("-inf")).softmax(-1)
        return self.join((weights @ self.values(tokens)).flatten(1))

    def addition(self, understood: Tensor) -> Tensor:
        """(B, 384) what is added to the embedding of a sentence of which (B, hidden) was understood."""
        return self.out(understood) * TEXT_DIM**-0.5  # a sentence embedding has unit norm

    def forward(self, sentence: Tensor, tokens: Tensor, there: Tensor) -> Tensor:
        """(B, 384) sentence embeddings and what the tokens add to them."""
        return sentence + self.addition(self.understand(tokens, there)).to(sentence.dtype)
