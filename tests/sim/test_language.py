"""Instructions: seeded, never using held-out words in training."""

import string

import numpy as np
import pytest

from wam_demo.sim.language import HELD_OUT, SYNONYMS
from wam_demo.sim.tasks import TASKS


@pytest.mark.parametrize("task", sorted(TASKS))
def test_templates_have_known_slots_and_are_many(task):
    spec = TASKS[task]
    assert len(spec.templates) >= 12
    slots = {
        name
        for text in (*spec.templates, *spec.held_out, *spec.indirect)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    assert slots <= {"colour", "a_noun", "b_noun", "goal_colour", "goal_noun", "container", "area", "part"}
    assert not set(spec.templates) & set(spec.held_out)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_training_never_says_a_held_out_word(worlds, task):
    held_out = {word for words in HELD_OUT.values() for word in words}
    world = worlds(task)
    texts = set()
    for seed in range(60):
        world.draw(seed)
        texts.add(world.instruction)
        assert not held_out & set(world.instruction.split())
    assert len(texts) > 30


def test_every_concept_has_both_vocabularies():
    assert SYNONYMS.keys() == HELD_OUT.keys()
    for concept, words in SYNONYMS.items():
        assert not set(words) & set(HELD_OUT[concept])


def test_paraphrases_use_unseen_words():
    text = TASKS["pick_place"].paraphrase(
        {"colour": "red", "a_noun": "cube", "container": "bowl"}, np.random.default_rng(0)
    )
    assert "red" not in text.split()
