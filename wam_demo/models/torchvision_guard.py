"""Makes torchvision importable beside a CPU-only torch, where its compiled operators cannot load.

timm, transformers and diffusers import torchvision. Its wheel on the package index is built for the
CUDA torch of the same release; beside a CPU-only torch the compiled operators are absent and the
registration of their Python counterparts fails. We use none of them, so declaring their schemas is enough.
"""

from importlib.metadata import version

import torch

_SCHEMAS = {
    "torchvision::nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "torchvision::qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def ensure_torchvision() -> None:
    """Declare the operator schemas that a CUDA build of torchvision lacks beside a CPU-only torch."""
    if version("torch").endswith("+cpu") and not version("torchvision").endswith("+cpu"):
        for name, schema in _SCHEMAS.items():
            if not hasattr(torch.ops.torchvision, name.split("::")[1]):
                torch.library.define(name, schema)
