"""The recipe of an instruction reader: what sentences name is learned, the policy stays, the reader serves."""

import pytest
import torch

from wam_demo.errors import InvalidInputError
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train import named as named_module
from wam_demo.train.loop import LoopConfig
from wam_demo.train.named import ASKED, CONCEPTS, named_instructions
from wam_demo.train.words import WordsRecipe, object_difference, train_words


def test_sentences_name_what_their_labels_say():
    named = named_instructions(40, seed=3)
    assert named.labels.shape == (40, len(ASKED))
    assert named.goals.float().mean() == 0.5
    of = {slot: named.labels[:, i] for i, slot in enumerate(ASKED)}
    nothing = {slot: len(CONCEPTS[slot]) for slot in ASKED}
    assert (of["goal_colour"][~named.goals] == nothing["goal_colour"]).all()
    assert (of["goal_colour"][named.goals] != of["colour"][named.goals]).all()
    assert (of["colour"] < nothing["colour"]).all()
    assert torch.equal(named_instructions(40, seed=3).labels, named.labels)


def test_instructions_are_encoded_in_parts_as_they_are_alone(monkeypatch):
    whole = named_instructions(24, seed=3)
    monkeypatch.setattr(named_module, "_ENCODED", 7)
    parts = named_instructions(24, seed=3)
    assert torch.equal(parts.there, whole.there)
    torch.testing.assert_close(parts.tokens, whole.tokens, atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(parts.sentences, whole.sentences, atol=1e-5, rtol=1e-4)


def test_what_is_to_be_added_is_half_the_difference_of_what_the_two_objects_are_known_by():
    named = named_instructions(400, seed=0)
    colour, shape = named.labels[:, 0].float(), named.labels[:, 1].float()
    conditions = torch.stack([10 * colour, shape, torch.ones(400)], 1)  # as if the policy read the labels
    found = object_difference(conditions, named)
    assert not found[~named.goals].any()
    goal = named.labels[named.goals][:, 2:4].float()
    expected = 0.5 * torch.stack([10 * (colour[named.goals] - goal[:, 0]), shape[named.goals] - goal[:, 1]], 1)
    torch.testing.assert_close(found[named.goals][:, :2], expected)
    assert not found[:, 2].any(), "what all sentences share is no difference"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A policy before and after its reader was trained, and what the recipe answered."""
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("words")
    config = WamConfig(BackboneConfig(dim=48, depth=2, heads=2), ActionHeadConfig(dim=48, depth=1, heads=2))
    config.trained.update(tasks=["stack"])
    WorldActionModel(config).save_pretrained(root / "policy")
    recipe = WordsRecipe(
        sentences=1200,
        naming=LoopConfig(steps=400, lr=3e-3, warmup=20, decay=1.0, ema=0.98),
        loop=LoopConfig(steps=300, lr=3e-3, warmup=20, decay=1.0, weight_decay=0.0, ema=0.98),
        batch=64,
    )
    found = train_words(recipe, root / "policy", root / "run")
    return root, found


def test_it_learns_who_goes_on_top(trained):
    _, found = trained
    named = found["named"]
    assert named["colour"] > 0.7, "of those that name two colours; guessing one of the two is half"
    assert named["all"] <= min(named[slot] for slot in ASKED)
    assert found["unexplained"] < 0.9, "adding nothing is 1"
    assert (found["steps"], found["losses"]["step"]) == (300, [100, 200, 300])


def test_the_policy_stays_and_gets_a_reader_that_tells_the_two_apart(trained):
    root, found = trained
    before, after = (WorldActionModel.from_pretrained(root / name) for name in ("policy", "run"))
    for name, value in before.state_dict().items():
        assert torch.equal(after.state_dict()[name], value), name
    words = after.config.trained["words"]
    assert (words["sentences"], words["named"], after.config.trained["tasks"]) == (1200, found["named"], ["stack"])
    swapped = ["stack the red cube on the blue cube", "stack the blue cube on the red cube"]
    apart = [float(torch.subtract(*model.read_instructions(swapped)).norm()) for model in (before, after)]
    assert apart[1] > 1.3 * apart[0]
    with pytest.raises(InvalidInputError, match="has an instruction reader already"):
        train_words(WordsRecipe(), root / "run", root / "again")
