"""Instructions: seeded, never using held-out words in training."""

import string

import numpy as np
import pytest

from wam_demo.sim.language import HELD_OUT, SYNONYMS, fill
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


def test_unseen_slots_get_unseen_words():
    concepts = {"colour": "red", "a_noun": "cube", "container": "bowl"}
    for seed in range(20):
        text = fill("{colour} {a_noun} {container}", concepts, np.random.default_rng(seed), unseen=["a_noun"])
        colour, noun, container = text.split()
        assert colour in SYNONYMS["red"]
        assert container in SYNONYMS["bowl"]
        assert noun in (*HELD_OUT["cube"], *HELD_OUT["object"])
