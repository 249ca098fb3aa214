"""Whitened words: the same function, saved as an ordinary layer, in coordinates in which exchanged words lie apart."""

from itertools import product

import torch
from torch import nn
from torch.nn import functional as F

from wam_demo.models.text import text_encoder
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train.recipes import WAM
from wam_demo.train.whitening import WhitenedLinear, unwhitened, whiten_words, whitening_of

COLOURS = ("red", "green", "blue", "yellow", "orange", "purple")
THINGS = ("cube", "box", "one")
SAYINGS = ("stack the {} on the {}", "put the {} on top of the {}", "set the {} onto the {}")


def stacks():
    """Embeddings of who goes on whom, which colour goes on top, and which one it stands on."""
    places = range(len(COLOURS))
    said = [
        (saying.format(f"{COLOURS[top]} {first}", f"{COLOURS[base]} {second}"), top, base)
        for saying, first, second, top, base in product(SAYINGS, THINGS, THINGS, places, places)
        if top != base
    ]
    texts, tops, bases = zip(*said, strict=True)
    return torch.from_numpy(text_encoder().embed(list(texts))), torch.tensor(tops), torch.tensor(bases)


def a_model():
    torch.manual_seed(0)
    return WorldActionModel(WamConfig(WAM["debug"].backbone, WAM["debug"].head))


def test_the_function_stays_and_what_is_saved_is_an_ordinary_model(tmp_path):
    words, *_ = stacks()
    model = a_model()
    scaled = words * words.shape[1] ** 0.5
    before = [part.text(scaled).detach() for part in (model.backbone, model.head)]
    keys = set(model.state_dict())
    whiten_words(model, words)
    assert isinstance(model.head.text, WhitenedLinear)
    with torch.no_grad():
        model.head.text.weight.add_(0.01)  # what training does
        changed = model.head.text(scaled)
    torch.testing.assert_close(model.backbone.text(scaled), before[0], rtol=0, atol=1e-4)
    assert (changed - before[1]).abs().max() > 0.01
    plain = unwhitened(model)
    assert set(plain.state_dict()) == keys
    torch.testing.assert_close(plain.head.text(scaled), changed, rtol=0, atol=1e-4)
    plain.save_pretrained(tmp_path)
    again = WorldActionModel.from_pretrained(tmp_path)
    assert (again.head.text(scaled) - changed).abs().max() < 0.05 * changed.abs().max()  # bfloat16


def test_who_goes_on_whom_is_learned_sooner():
    """On instructions that were never shown; nothing differs but the coordinates that are trained."""
    words, top, base = stacks()
    torch.manual_seed(0)
    order = torch.randperm(len(words))
    shown, held = order[:-150], order[-150:]
    scale = words.shape[1] ** 0.5

    def right(whitened):
        torch.manual_seed(1)
        first = nn.Linear(words.shape[1], 64)
        if whitened:
            first = WhitenedLinear(first, *whitening_of(words[shown]), scale)
        net = nn.Sequential(first, nn.SiLU(), nn.Linear(64, len(COLOURS)))
        optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
        for _ in range(200):
            batch = shown[torch.randint(len(shown), (64,))]
            loss = F.cross_entropy(net(scale * words[batch]), top[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            found = net(scale * words[held])
        rows = torch.arange(len(held))
        return float((found[rows, top[held]] > found[rows, base[held]]).float().mean())

    plain, whitened = right(whitened=False), right(whitened=True)
    assert whitened > 0.9, (plain, whitened)
    assert whitened > plain + 0.05, (plain, whitened)
