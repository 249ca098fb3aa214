"""What the instruction still determines under every axis: exactly one object, the target."""

import re
from difflib import get_close_matches

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from wam_demo.sim.colours import COLOURS, colour_word
from wam_demo.sim.language import HELD_OUT, SYNONYMS
from wam_demo.sim.perturb import AXES, SEVERITIES, sample
from wam_demo.sim.perturb.language import CLAUSES
from wam_demo.sim.perturb.registry import COMBINED
from wam_demo.sim.tasks import TASKS

SEEDS = range(500_000, 500_012)
CONCEPTS = {word: colour for colour in COLOURS for word in (*SYNONYMS[colour], *HELD_OUT[colour])}
CLAUSE = re.compile("|".join(re.escape(c).replace(r"\{\}", "").replace(r"\{other\}", r"\w+") for c in CLAUSES))


def disturbed(world, axis, severity, seed):
    world.draw(seed)
    for event in sample(axis, severity, seed):
        world.apply_event(event.kind, event.parameters)
    return world


def shown(world, name):
    """RGB of everything about a body that has its colour, stripes included."""
    scene, marking = world.scene, world.effects.marking
    body = next(body for body in (f"{name}_cap", f"{name}_tray", name) if scene.has_body(body))
    geom = scene.geoms(body)[0]
    stripes = [marking.rgb] if marking is not None and marking.geom == geom else []
    return [scene.model.geom_rgba[geom, :3], *stripes]


def looks(world):
    return [shown(world, name)[0].tolist() for name in world.assignment.candidates]


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_new_look_keeps_the_word_for_every_colour(worlds, task):
    for seed in SEEDS:
        for severity in SEVERITIES:
            world = disturbed(worlds(task), "object_look", severity, seed)
            for name in world.assignment.candidates:
                words = {colour_word(rgb) for rgb in shown(world, name)}
                assert words == {world.assignment.colours[name]}, (seed, severity, name)


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_no_shift_that_a_client_asks_for_changes_the_word(pick_place, colour):
    world, rng = pick_place, np.random.default_rng(0)
    seed = next(s for s in range(99) if world.draw(s) or colour in world.assignment.colours.values())
    world.draw(seed)
    name = next(body for body, word in world.assignment.colours.items() if word == colour)
    for _ in range(40):
        asked = dict(
            zip(
                ("hue_deg", "lightness", "chroma", "contrast"),
                rng.uniform([-180, -100, 0, -50], [180, 100, 2, 50]),
                strict=True,
            )
        )
        event = world.apply_event("object_look", {"object": name, "pattern": "belt", **asked})
        assert {colour_word(rgb) for rgb in shown(world, name)} == {colour}
        again = world.apply_event("object_look", event.parameters)
        assert again.parameters == event.parameters


def test_a_new_look_keeps_the_noun(worlds):
    for seed in SEEDS:
        world = disturbed(worlds("pick_place"), "object_look", 5, seed)
        target = world.assignment.target
        assert world.scene.is_shape(target, "box") == (world.assignment.nouns[target] == "cube")


def test_looks_differ_more_with_the_severity(pick_place):
    """Mean over seeds of the colour difference, stripes included; from one on that the eye tells side by side."""
    differences = np.zeros((len(SEEDS), 5))
    for row, seed in zip(differences, SEEDS, strict=True):
        for index, severity in enumerate(SEVERITIES):
            world = disturbed(pick_place, "object_look", severity, seed)
            target = world.assignment.target
            before = rgb2lab(np.array(COLOURS[world.assignment.colours[target]]))
            row[index] = max(deltaE_ciede2000(before, rgb2lab(np.array(rgb, float))) for rgb in shown(world, target))
    assert differences.min() > 1
    assert (np.diff(differences.mean(0)) > 0).all()


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("axis", sorted({*AXES} - {COMBINED, "language", "object_look"}))
def test_other_axes_leave_words_target_and_looks_alone(worlds, task, axis):
    world = worlds(task)
    world.draw(SEEDS[1])
    before = world.instruction, world.assignment, looks(world)
    disturbed(world, axis, 5, SEEDS[1])
    assert (world.instruction, world.assignment, looks(world)) == before


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("axis", ["layout", "distractor"])
def test_nothing_dropped_in_fits_the_word_better_than_the_target(worlds, task, axis):
    for seed in SEEDS:
        world = disturbed(worlds(task), axis, 5, seed)
        colour = world.assignment.colours[world.assignment.target]
        wanted = rgb2lab(np.array(COLOURS[colour]))
        for name in filter(world.scene.is_present, world.scene.things()):
            if name.startswith("distractor"):
                rgb = world.scene.model.geom_rgba[world.scene.geoms(name)[0], :3].astype(float)
                assert deltaE_ciede2000(wanted, rgb2lab(rgb)) > 14
                assert axis == "distractor" or colour_word(rgb) != colour


@pytest.mark.parametrize("task", sorted(TASKS))
def test_under_any_light_the_target_is_nearest_to_its_word(worlds, task):
    for seed in SEEDS:
        for severity in SEVERITIES:
            world = disturbed(worlds(task), "light", severity, seed)
            tint = np.array(world.events[0].parameters["colour"])
            lit = {n: rgb2lab(np.clip(shown(world, n)[0] * tint, 0, 1)) for n in world.assignment.candidates}
            colour = rgb2lab(np.array(COLOURS[world.assignment.colours[world.assignment.target]]))
            assert min(lit, key=lambda n: deltaE_ciede2000(colour, lit[n])) == world.assignment.target


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_paraphrase_names_the_target_and_nothing_else(worlds, task):
    for seed in SEEDS:
        for severity in SEVERITIES[:4]:
            world = disturbed(worlds(task), "language", severity, seed)
            assignment, text = world.assignment, CLAUSE.sub(" ", world.instruction)
            named = {CONCEPTS[word] for word in re.findall(r"[\w-]+", text) if word in CONCEPTS}
            goal = {assignment.colours[assignment.goal]} if assignment.goal in assignment.colours else set()
            assert named == {assignment.colours[assignment.target]} | goal, text


def test_most_mistyped_sentences_still_name_the_target(worlds):
    """At severity 5 a short colour word can be lost, such as "buy" for "ruby"; the axis says so."""
    recovered = []
    for task in TASKS:
        for seed in range(500_000, 500_040):
            world = disturbed(worlds(task), "language", 5, seed)
            words = re.findall(r"[\w-]+", world.instruction)
            close = [match for word in words for match in get_close_matches(word, CONCEPTS, n=1, cutoff=0.6)]
            recovered.append(world.assignment.colours[world.assignment.target] in {CONCEPTS[word] for word in close})
    assert np.mean(recovered) > 0.95
