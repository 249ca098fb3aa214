"""Layers that read sentence embeddings, trained in coordinates in which what words say varies equally.

"Stack the red cube on the blue one" and the same with the colours exchanged have embeddings that point into almost the
same direction (cosine 0.997): a linear map can tell which is which, but the directions that say so vary so little that
gradients hardly find them. In whitened coordinates every direction varies alike. The network computes the same
function, and what is saved is an ordinary layer again.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.wam.model import WorldActionModel

FLOOR = 0.03
"""Directions that vary less than this share of the mean variance are not stretched to all of it."""


class WhitenedLinear(nn.Module):
    """A linear layer as a function of whitened inputs.

    Args:
        layer: What it computes at first, on inputs that are ``scale`` times an embedding.
        mean: (D,) of the embeddings.
        whitening: (D, D) symmetric, see `whitening_of`.
        scale: Of the inputs.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, layer: nn.Linear, mean: Tensor, whitening: Tensor, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("mean", mean)
        self.register_buffer("whitening", whitening)
        with torch.no_grad():
            self.weight = nn.Parameter(torch.linalg.solve(whitening, layer.weight.float().mT).mT.contiguous())
            self.bias = nn.Parameter(layer.bias + scale * layer.weight.float() @ mean)

    def forward(self, inputs: Tensor) -> Tensor:
        """(..., D) to (..., out), as the layer does."""
        with torch.autocast(inputs.device.type, enabled=False):
            whitened = (inputs.float() - self.scale * self.mean) @ self.whitening
        return F.linear(whitened, self.weight, self.bias)

    def folded(self) -> nn.Linear:
        """The ordinary layer that computes the same."""
        layer = nn.Linear(self.weight.shape[1], self.weight.shape[0], device=self.weight.device)
        with torch.no_grad():
            layer.weight.copy_(self.weight @ self.whitening)
            layer.bias.copy_(self.bias - self.scale * layer.weight @ self.mean)
        return layer


def whitening_of(embeddings: Tensor, floor: float = FLOOR) -> tuple[Tensor, Tensor]:
    """Mean (D,) and symmetric whitening (D, D) of (M, D) embeddings, whose mean variance it keeps.

    Args:
        embeddings: Of the distinct instructions of a dataset.
        floor: See `FLOOR`.
    """
    values = embeddings.double()
    mean = values.mean(0)
    variances, directions = torch.linalg.eigh((values - mean).mT @ (values - mean) / len(values))
    usual = variances.mean().clamp_min(1e-12)
    stretch = (usual / (variances.clamp_min(0) + floor * usual)).sqrt()
    return mean.float(), (directions * stretch @ directions.mT).float()


def whiten_words(model: WorldActionModel, embeddings: Tensor) -> None:
    """From now on what reads the instruction, in the backbone and in the head, is trained in whitened coordinates."""
    mean, whitening = whitening_of(embeddings)
    scale = embeddings.shape[1] ** 0.5
    for part in (model.backbone, model.head):
        part.text = WhitenedLinear(part.text, mean, whitening, scale)  # type: ignore[assignment]


def unwhitened(model: WorldActionModel) -> WorldActionModel:
    """The same function as an ordinary model, to be saved."""
    plain = copy.deepcopy(model)
    for part in (plain.backbone, plain.head):
        if isinstance(part.text, WhitenedLinear):
            part.text = part.text.folded()
    return plain
