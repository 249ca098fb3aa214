"""Operators of a call: their kinds and their memory traffic."""

import pytest
import torch

from wam_demo.operators import REST, Traffic, kind_of, operator_profile


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("aten::addmm", "matrix products"),
        ("aten::baddbmm", "matrix products"),
        ("aten::convolution_backward", "convolutions"),
        ("aten::native_layer_norm", "norms and softmax"),
        ("aten::copy_", "copies"),
        ("aten::_fused_adamw_", "optimiser"),
        ("aten::mul", REST),
    ],
)
def test_kinds_go_by_name(operator, kind):
    assert kind_of(operator) == kind


def test_traffic_counts_what_is_read_and_written_but_no_views():
    left, right = torch.ones(8, 4), torch.ones(4, 2)
    with Traffic() as counter:
        (left @ right).view(-1)
    assert dict(counter.bytes) == {"matrix products": 4 * (32 + 8 + 16)}


def test_a_profile_has_every_operator_of_the_call():
    weights = torch.ones(64, 64, requires_grad=True)
    found = operator_profile(lambda: (weights @ weights).relu().sum().backward())
    assert found["kinds"]["matrix products"]["calls"] == 3  # forward, and two gradients
    assert 0 < found["outside_ms"] < found["wall_ms"]
    assert "aten::mm" in found["operators"]
