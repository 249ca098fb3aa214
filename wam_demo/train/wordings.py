"""Other wordings of what was said: thirty episodes hold thirty sentences, and people say the next one differently."""

import numpy as np
import torch
from torch import Tensor

from wam_demo.models.text import text_encoder
from wam_demo.sim.perturb.language import mistype

WORDINGS = 8
"""Of each sentence, itself the first."""
_LEFT_OUT = 0.2
"""Share of the words that a wording lacks."""


def wordings(sentences: list[str], seed: int, count: int = WORDINGS) -> Tensor:
    """(M, count, 384) embeddings of every sentence, and of it with words left out and letters mistyped.

    Args:
        sentences: M instructions.
        seed: Of what is left out.
        count: Of wordings each.
    """
    rng = np.random.default_rng(seed)
    texts = [text for said in sentences for text in [said, *(_reworded(said, rng) for _ in range(count - 1))]]
    return torch.from_numpy(text_encoder().embed(texts)).view(len(sentences), count, -1)


def _reworded(said: str, rng: np.random.Generator) -> str:
    words = said.split()
    kept = [word for word in words if rng.random() >= _LEFT_OUT] or words
    return mistype(" ".join(kept), rng)
