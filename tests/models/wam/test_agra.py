"""Alignment: the loss is a negative cosine, every projector keeps the token order."""

import pytest
import torch

from wam_demo.errors import UnknownNameError
from wam_demo.models.wam.agra import PROJECTORS, Projector, alignment_loss


def test_loss_is_minus_one_when_aligned_whatever_the_scale():
    teacher = torch.randn(2, 128, 10)
    loss, parts = alignment_loss(3.5 * teacher, teacher)
    assert loss == pytest.approx(-1, abs=1e-5)
    assert parts["cosine"] == pytest.approx(1, abs=1e-5)
    assert alignment_loss(-teacher, teacher)[0] == pytest.approx(1, abs=1e-5)


def test_a_cell_in_which_nothing_changes_does_not_count():
    teacher = torch.randn(2, 128, 10)
    teacher[:, 64:] = 0
    projected = teacher.clone()
    projected[:, 64:] = torch.randn(2, 64, 10)
    assert alignment_loss(projected, teacher)[0] == pytest.approx(-1, abs=1e-5)


def test_two_teachers_count_alike_whatever_their_widths():
    first, second = torch.randn(2, 128, 6), 5 * torch.randn(2, 128, 14)
    both, widths = torch.cat([first, second], -1), (6, 14)
    assert alignment_loss(both, both, widths=widths)[0] == pytest.approx(-1, abs=1e-5)
    for opposed in (torch.cat([-first, second], -1), torch.cat([first, -second], -1)):
        assert alignment_loss(opposed, both, widths=widths)[0] == pytest.approx(0, abs=1e-5)
    projected = torch.randn(2, 128, 20)
    apart = [alignment_loss(z, y)[0] for z, y in zip(projected.split(widths, -1), (first, second), strict=True)]
    torch.testing.assert_close(alignment_loss(projected, both, widths=widths)[0], sum(apart) / 2)


@pytest.mark.parametrize("kind", PROJECTORS)
def test_projector_keeps_token_order(kind):
    torch.manual_seed(0)
    projector = Projector(kind, 16, (10,), grid=8)
    tokens = torch.zeros(1, 128, 16)
    reference = projector(tokens)
    assert reference.shape == (1, 128, 10)
    tokens[0, 64 + 9] = 1.0  # second frame, row 1, column 1
    changed = (projector(tokens) - reference).abs().sum(-1)[0].nonzero()[:, 0].tolist()
    reach = 1 if kind == "conv" else 0
    expected = [64 + 8 * r + c for r in range(1 - reach, 2 + reach) for c in range(1 - reach, 2 + reach)]
    assert changed == expected


def test_unknown_projector_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        Projector("linea", 16, (10,), grid=8)
