"""The reader of instructions: adds nothing at first, knows the order of words, is a part of the weights."""

import pytest
import torch

from wam_demo.errors import InvalidInputError
from wam_demo.models.text import WORD_TOKENS, text_encoder
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.models.wam.reader import InstructionReader, ReaderConfig

ONE, OTHER = "stack the red cube on the blue cube", "stack the blue cube on the red cube"
SMALL = WamConfig(
    BackboneConfig(dim=48, depth=2, heads=2), ActionHeadConfig(dim=48, depth=1, heads=2), reader=ReaderConfig(2, 8, 16)
)


@pytest.fixture
def reader():
    torch.manual_seed(0)
    built = InstructionReader(ReaderConfig(queries=2, dim=8, hidden=16)).eval()
    torch.nn.init.normal_(built.out.weight)
    torch.nn.init.normal_(built.places)
    return built


def read(reader, texts):
    encoder = text_encoder()
    return reader(torch.from_numpy(encoder.embed(texts)), *map(torch.from_numpy, encoder.tokens(texts)))


def test_tokens_are_those_whose_mean_is_the_sentence():
    texts = [ONE, "open the drawer"]
    tokens, there = text_encoder().tokens(texts)
    assert tokens.shape[1] == there.sum(1).max() > there.sum(1).min()
    assert not tokens[~there].any()
    for values, here, sentence in zip(tokens, there, text_encoder().embed(texts), strict=True):
        mean = values[here].mean(0)
        assert float(mean @ sentence) / float((mean**2).sum() ** 0.5) == pytest.approx(1, abs=1e-3)


def test_a_long_instruction_is_cut_and_an_empty_one_refused():
    tokens, there = text_encoder().tokens(["red " * 90])
    assert tokens.shape[1] == WORD_TOKENS == there.sum()
    with pytest.raises(InvalidInputError, match="empty"):
        text_encoder().tokens([" "])


def test_an_untrained_reader_leaves_the_sentence_as_it_is():
    new = InstructionReader()
    texts = [ONE, OTHER]
    assert torch.equal(read(new, texts), torch.from_numpy(text_encoder().embed(texts)))


def test_what_it_adds_depends_on_the_order_of_words_and_not_on_what_is_read_beside(reader):
    alone, beside = read(reader, [ONE]), read(reader, [ONE, OTHER + " and leave everything else where it is"])
    torch.testing.assert_close(beside[:1], alone)
    assert not torch.allclose(read(reader, [ONE]), read(reader, [OTHER]), atol=1e-2)


def test_many_instructions_are_read_in_parts_as_alone(reader, monkeypatch):
    model = WorldActionModel(SMALL)
    model.reader.load_state_dict(reader.state_dict())
    texts = [ONE, OTHER, "open the drawer", ONE + " please", "press the button"]
    whole = model.read_instructions(texts)
    monkeypatch.setattr("wam_demo.models.wam.model.READ_TOGETHER", 2)
    torch.testing.assert_close(model.read_instructions(texts), whole)
    torch.testing.assert_close(whole[1:2], model.read_instructions([OTHER]))


def test_weights_with_a_reader_read_with_it_and_older_ones_do_not(tmp_path, reader):
    torch.manual_seed(0)
    model = WorldActionModel(SMALL)
    model.reader.load_state_dict(reader.state_dict())
    model.save_pretrained(tmp_path / "new")
    again = WorldActionModel.from_pretrained(tmp_path / "new")
    assert again.config.reader == SMALL.reader
    torch.testing.assert_close(again.read_instructions([ONE]), read(reader, [ONE]), atol=1e-2, rtol=1e-2)
    WorldActionModel(WamConfig(SMALL.backbone, SMALL.head)).save_pretrained(tmp_path / "old")
    older = WorldActionModel.from_pretrained(tmp_path / "old")
    assert torch.equal(older.read_instructions([ONE]), torch.from_numpy(text_encoder().embed([ONE])))
