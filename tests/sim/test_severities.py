"""Severities: harder by construction, seeded, and never without effect."""

import numpy as np
import pytest

from wam_demo.sim.expert import Expert
from wam_demo.sim.language import HELD_OUT, SYNONYMS
from wam_demo.sim.perturb import AXES, SEVERITIES, sample
from wam_demo.sim.perturb.registry import COMBINED
from wam_demo.sim.tasks import TASKS

SINGLE = [axis for axis in AXES if axis != COMBINED]
CABINET_WIDTH_M = 0.15
SEEDS = (500_000, 500_001, 500_002)


def far(factor):
    """How far a factor is from 1, either way."""
    return max(factor, 1 / factor)


def norm(values):
    return float(np.linalg.norm(values))


SIZES = {
    "camera": lambda p: [norm(v) for camera in p["cameras"].values() for v in camera.values()],
    "hand_eye": lambda p: [norm(v) for camera in p["cameras"].values() for v in camera.values()],
    "robot_init": lambda p: [norm(p["joints"])],
    "noise": lambda p: [p["strength"]],
    "layout": lambda p: [len(p["confounders"])],
    "light": lambda p: [far(p["intensity"]), p["tilt_deg"]],
    "distractor": lambda p: [len(p["drops"])],
    "occlusion": lambda p: [p["share"]],
    "view_loss": lambda p: [p["seconds"]],
    "object_look": lambda p: [
        *(abs(p[name]) for name in ("hue_deg", "lightness")),
        *(abs(p[name] - 1) for name in ("chroma", "scale")),
    ],
    "physics": lambda p: [far(p["friction"]), far(p["mass"])],
    "delay": lambda p: [p["seconds"]],
}
"""What grows with the severity; ``shove`` and ``swap_target`` may be held back by what stands there."""


def applied(world, axis, severity, seed):
    """The events that an axis brings about at once, with their values."""
    world.draw(seed)
    for event in sample(axis, severity, seed, world):
        world.apply_event(event.kind, event.parameters)
    return world.events


@pytest.mark.parametrize("axis", sorted(SIZES))
def test_every_size_grows_with_the_severity(pick_place, axis):
    for seed in SEEDS:
        sizes = np.array([SIZES[axis](applied(pick_place, axis, s, seed)[0].parameters) for s in SEVERITIES])
        assert (np.diff(sizes, axis=0) > 0).all(), sizes


@pytest.mark.parametrize("axis", ["shove", "swap_target"])
def test_displacements_grow_where_the_table_allows(pick_place, axis):
    def distance(severity, seed):
        return norm(applied(pick_place, axis, severity, seed)[0].parameters["offset"])

    distances = np.array([[distance(severity, seed) for severity in SEVERITIES] for seed in range(500_000, 500_012)])
    assert (np.diff(distances.mean(0)) > 0).all()
    assert (distances[:, 0] > 0.005).all()


@pytest.mark.parametrize("task", ["pick_place", "push", "stack", "reach"])
def test_the_target_leaves_the_training_region_by_the_stated_distance(worlds, task):
    world = worlds(task)
    low, high = world.logic.region
    for seed in SEEDS:
        outside = []
        for severity in SEVERITIES:
            target = applied(world, "layout", severity, seed)[0].parameters["target"]
            outside.append(0.0 if target is None else norm(np.clip(target, low, high) - target))
        np.testing.assert_allclose(outside, [0, 0.02, 0.04, 0.06, 0.08], atol=0.0115)
        assert (np.diff(outside) > 0).all()


@pytest.mark.parametrize("task", sorted(TASKS))
def test_the_first_distractor_falls_closer_and_closer_to_the_target(worlds, task):
    world = worlds(task)
    for seed in SEEDS:
        distances = []
        for severity in SEVERITIES:
            first = applied(world, "distractor", severity, seed)[0].parameters["drops"][0]
            distances.append(norm(first["position"] - world.scene.position(world.assignment.target)[:2]))
        assert (np.diff(distances) < 0).all(), distances


def test_words_move_away_from_the_training_templates(pick_place):
    """Each severity adds to the one before it: nouns, sentence, indirect request, clause, colours and typing."""
    unseen_nouns = {word for concept in ("cube", "cylinder", "object") for word in HELD_OUT[concept]}
    for seed in SEEDS:
        texts = [applied(pick_place, "language", severity, seed)[0].parameters["text"] for severity in SEVERITIES]
        assert len(set(texts)) == 5
        assert pick_place.plain_instruction not in texts
        colour = pick_place.assignment.colours[pick_place.assignment.target]
        for text in texts[:4]:
            words = set(text.replace(",", "").split())
            assert words & unseen_nouns
            assert words & set(SYNONYMS[colour])
        assert not set(texts[4].split()) & set(SYNONYMS[colour])
        assert len(texts[3]) > len(pick_place.plain_instruction)


def test_backgrounds_differ_more_and_more(pick_place):
    """Mean difference of the front picture to the training table, over seeds."""
    change = np.zeros(5)
    for seed in SEEDS:
        pick_place.draw(seed)
        nominal = pick_place.observe().images["front"].astype(int)
        for index, severity in enumerate(SEVERITIES):
            applied(pick_place, "background", severity, seed)
            change[index] += np.abs(pick_place.observe().images["front"] - nominal).mean()
    assert change[0] < min(change[1:])
    assert change[0] + change[1] < change[3] + change[4]


def fingerprint(world):
    scene = world.scene
    arrays = [*scene._fields, scene.data.qpos, scene.data.xpos]
    return [array.tobytes() for array in arrays], world.effects, world.instruction


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("axis", AXES)
def test_no_severity_is_without_effect_and_the_seed_decides(worlds, task, axis):
    world = worlds(task)
    for severity in (1, 5):
        world.draw(SEEDS[0])
        before = fingerprint(world)
        events = applied(world, axis, severity, SEEDS[0])
        assert fingerprint(world) != before
        assert applied(world, axis, severity, SEEDS[0]) == events
        if axis != "delay":  # has no direction to draw
            others = range(SEEDS[0] + 1, SEEDS[0] + 9)  # a few of them may draw the same view
            assert any(applied(world, axis, severity, seed) != events for seed in others)


@pytest.mark.parametrize(
    ("severity", "seeds"),
    [(3, (960_000, 960_003, 960_011, 960_044, 960_048)), (5, (960_001, 960_015, 960_044, 960_048))],
)
def test_drawers_of_another_layout_can_be_opened(worlds, severity, seeds):
    """Cabinets that stood in each other, and confounders in front of the drawer, once kept these ones shut."""
    world = worlds("drawer")
    for seed in seeds:
        world.reset(seed)
        world.apply(sample("layout", severity, seed, world))
        expert = Expert(world)
        assert any(world.step(expert.act()).success for _ in range(40)), seed


@pytest.mark.parametrize("axis", ["shove", "swap_target"])
def test_no_cabinet_is_displaced_into_the_other(worlds, axis):
    world = worlds("drawer")
    for seed in range(960_000, 960_040):
        world.draw(seed)
        world.apply(sample(axis, 5, seed, world))
        assert cabinets_apart(world) > CABINET_WIDTH_M, seed


def test_a_cabinet_that_is_dragged_onto_the_other_stops_beside_it(worlds):
    world = worlds("drawer")
    for seed in range(960_000, 960_010):
        world.draw(seed)
        onto = world.scene.position("drawer1")[:2] - world.scene.position("drawer0")[:2]
        done = world.apply_event("shove", {"object": "drawer0", "offset": onto.tolist()}).parameters["offset"]
        assert cabinets_apart(world) > CABINET_WIDTH_M, seed
        assert np.linalg.norm(done) > 0.02, seed


def cabinets_apart(world):
    return np.linalg.norm(world.scene.position("drawer0")[:2] - world.scene.position("drawer1")[:2])
