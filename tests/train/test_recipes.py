"""What a training run refuses before it begins."""

import pytest

from wam_demo.config import CHECKPOINTS
from wam_demo.errors import InvalidInputError
from wam_demo.train import recipes
from wam_demo.train.recipes import run


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("wam", {"init": CHECKPOINTS / "wam"}, "init holds a model of other sizes"),
        ("teacher", {"init": CHECKPOINTS / "teacher"}, "init was given, but training 'teacher' has no use for it"),
        ("tokenizer", {"videos": CHECKPOINTS}, "videos was given, but training 'tokenizer'"),
        ("decoder", {"arm": {"weight": 1.0}}, "what is aligned was given"),
        ("agra", {"arm": {"blocks": (7,)}}, "blocks"),
        ("imagination", {}, "needs --init, the checkpoint of the policy"),
        ("imagination", {"arm": {"weight": 1.0}}, "what is aligned was given, but training 'imagination'"),
    ],
)
def test_what_would_be_ignored_is_refused(tmp_path, kind, options, reason):
    with pytest.raises(InvalidInputError, match=reason):
        run(kind, "debug", tmp_path, tmp_path / "out", **options)


@pytest.mark.parametrize(("given", "rate"), [(None, recipes.WAM["debug"].loop.lr), (2e-4, 2e-4)])
def test_weights_that_learn_on_take_another_rate(tmp_path, monkeypatch, given, rate):
    begun = []
    monkeypatch.setattr(recipes, "train_wam", lambda recipe, *_, **__: begun.append(recipe) or {})
    run("wam", "debug", tmp_path, tmp_path / "out", rate=given, steps=7)
    assert (begun[0].loop.lr, begun[0].loop.steps) == (rate, 7)
