"""Training the imagining expert: it learns, the policy does not change."""

import torch

from tests.models.test_imagination import CALIBRATION
from tests.train.test_losses import CONFIG, batches
from wam_demo.models.imagination import ExpertConfig, ImaginationExpert
from wam_demo.models.wam import WorldActionModel
from wam_demo.train.imagination import imagination_loss


def expert_of(model):
    expert = ImaginationExpert(ExpertConfig(CONFIG.backbone, CALIBRATION, "abc"))
    expert.begin_as(model.backbone)
    return expert


def test_one_batch_is_overfitted_and_the_policy_left_alone():
    torch.manual_seed(0)
    model, (_, batch) = WorldActionModel(CONFIG), batches()
    expert = expert_of(model)
    optimizer = torch.optim.AdamW(expert.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        value = imagination_loss(expert, model, batch, 0.6)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(value.detach()))
    assert losses[-1] < 0.8 * losses[0]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert float(expert.places.front.weight.detach().abs().max()) > 0


def test_what_is_nearly_clean_counts_less():
    torch.manual_seed(0)
    model, (_, batch) = WorldActionModel(CONFIG), batches()
    expert = expert_of(model)
    everything, little = (float(imagination_loss(expert, model, batch, floor).detach()) for floor in (0.0, 0.9))
    assert little < everything
