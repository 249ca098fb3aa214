"""Networks as compiled graphs: what they answer, what is kept of them, what happens without them."""

import pytest
import torch
from torch import nn

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.models.flat_tokenizer import DirectTokenizer, WinogradTokenizer
from wam_demo.models.flow import euler
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.winograd import StridedConvolution, WinogradConvolution
from wam_demo.policies.compute import variants
from wam_demo.policies.compute.variants import VARIANTS, candidates, variant_named


@pytest.mark.parametrize("bias", [True, False])
def test_winograd_is_the_convolution(bias):
    torch.manual_seed(0)
    convolution = nn.Conv2d(5, 7, 3, padding=1, bias=bias)
    pictures = torch.randn(3, 5, 8, 8)
    flat = WinogradConvolution(convolution, 8)(pictures.flatten(2).transpose(1, 2))
    torch.testing.assert_close(flat.transpose(1, 2).view(3, 7, 8, 8), convolution(pictures), atol=1e-5, rtol=1e-4)


def test_the_strided_convolution_as_one_product():
    torch.manual_seed(0)
    convolution = nn.Conv2d(5, 7, 3, padding=1, stride=2, bias=False)
    pictures = torch.randn(3, 5, 8, 8)
    flat = StridedConvolution(convolution, 8)(pictures.flatten(2).transpose(1, 2))
    torch.testing.assert_close(flat.transpose(1, 2).view(3, 7, 4, 4), convolution(pictures), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_both_tokenizers_encode_and_decode_the_same():
    torch.manual_seed(0)
    tokenizer = Tokenizer(TokenizerConfig(width=16)).eval()
    tokenizer.latent_mean.normal_()
    direct, winograd = DirectTokenizer(tokenizer), WinogradTokenizer(tokenizer)
    pictures = torch.rand(2, 128, 128, 3)
    latents = direct.encode(pictures)
    torch.testing.assert_close(winograd.encode(pictures), latents, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(winograd.decode(latents), direct.decode(latents), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("steps", "shift"), [(4, 1.0), (2, 2.0)])
def test_euler_steps_are_those_of_diffusers_to_the_bit(steps, shift):
    from diffusers import FlowMatchEulerDiscreteScheduler

    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=torch.linspace(1, 1 / steps, steps).tolist())
    noise = torch.randn(2, 16, 7, generator=torch.Generator().manual_seed(0))
    sample = noise
    for sigma, timestep in zip(scheduler.sigmas[:-1], scheduler.timesteps, strict=True):
        sample = scheduler.step(torch.sin(sample) * sigma, timestep, sample, return_dict=False)[0]
    assert torch.equal(euler(lambda z, tau: torch.sin(z) * tau[0], noise, steps, shift=shift), sample)


def test_bfloat16_is_for_processors_that_have_it():
    assert [variant.name for variant in candidates(["FP32", "BF16"])] == ["openvino-bf16"]
    assert [variant.name for variant in candidates(["FP32"])] == ["openvino-f32", "openvino-f32-winograd"]


def test_an_unknown_way_to_compute_is_refused():
    with pytest.raises(UnknownNameError, match="openvino-f32"):
        variant_named("openvino-f23")


def test_without_the_package_a_compiled_way_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(variants, "has_openvino", lambda: False)
    with pytest.raises(InvalidInputError, match=r"wam-demo\[fast\]"):
        variant_named(VARIANTS[0].name)


class Scale(nn.Module):
    def forward(self, rows):
        return rows * 2 + 1


def test_a_graph_computes_row_by_row_and_is_kept(tmp_path):
    pytest.importorskip("openvino")
    from wam_demo.policies.compute.cache import GraphCache
    from wam_demo.policies.compute.graph import compile_graph

    cache, made = GraphCache({"policy": "a"}, tmp_path), []

    def compiled():
        made.append(1)
        return compile_graph(Scale(), (torch.zeros(1, 3),), "f32")

    rows = torch.arange(6.0).view(2, 3)
    for _ in range(2):
        (doubled,) = cache.graph("openvino-f32", "scale", "f32", compiled)(rows)
        assert torch.equal(doubled, rows * 2 + 1)
    assert len(made) == 1
    (kept,) = cache.folder.glob("*/scale.blob")
    kept.write_bytes(kept.read_bytes()[:-1])
    cache.graph("openvino-f32", "scale", "f32", compiled)
    assert len(made) == 2, "what is damaged is made anew"
    assert GraphCache({"policy": "b"}, tmp_path).folder != cache.folder


def test_making_a_graph_reports_nothing_to_anybody(monkeypatch):
    pytest.importorskip("openvino")
    from openvino_telemetry import Telemetry

    from wam_demo.policies.compute.graph import compile_graph

    monkeypatch.setattr(Telemetry, "send_event", lambda *_, **__: pytest.fail("it was reported"))
    assert compile_graph(Scale(), (torch.zeros(1, 3),), "f32")


def test_a_choice_is_kept_and_old_folders_go(tmp_path):
    pytest.importorskip("openvino")
    from wam_demo.policies.compute.cache import KEPT, GraphCache

    caches = [GraphCache({"policy": str(number)}, tmp_path) for number in range(KEPT + 1)]
    assert caches[0].choice() is None
    for cache in caches:
        cache.choose("openvino-f32", {"eager": 2.0, "openvino-f32": 1.0})
    assert caches[-1].choice() == "openvino-f32"
    assert len(list(tmp_path.iterdir())) == KEPT


def test_a_cache_that_cannot_be_written_is_none(tmp_path):
    pytest.importorskip("openvino")
    from wam_demo.policies.compute.cache import GraphCache

    (tmp_path / "file").write_text("")
    cache = GraphCache({}, tmp_path / "file")
    cache.choose("eager", {})
    assert cache.choice() is None
