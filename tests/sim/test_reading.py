"""Typed words against a scene: what is asked for, and what nobody can judge."""

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.robots.instructions import understand
from wam_demo.sim.language import fill
from wam_demo.sim.perturb.language import CLAUSES
from wam_demo.sim.reading import read
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.registry import task_logic
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.sim.world import World

OBJECTS = ("object0", "object1", "object2")
COLOURS = dict(zip(OBJECTS, ("blue", "green", "red"), strict=True))
NOUNS = dict(zip(OBJECTS, ("cube", "cylinder", "cube"), strict=True))
SCENE = Assignment("object0", "bowl", COLOURS, NOUNS, OBJECTS)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("put the red cube into the bowl", ("pick_place", "object2", "bowl")),
        ("Please place green can inside dish!", ("pick_place", "object1", "bowl")),
        ("not the red but the blue cube in the bowl", ("pick_place", "object0", "bowl")),
        ("can you put the blu cube in the bowel?", ("pick_place", "object0", "bowl")),
        ("put the red block on the green can", ("stack", "object2", "object1")),
        ("put the green can under the red cube", ("stack", "object2", "object1")),
        ("touch the red one", ("reach", "object2", None)),
        ("blue", ("pick_place", "object0", "bowl")),
    ],
)
def test_what_is_asked_for(text, asked):
    reading = read(text, "pick_place", SCENE)
    assert (reading.task, reading.target, reading.goal) == asked


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("put the elephant into the bowl", "no elephant here"),
        ("put the purple cube in the bowl", "no purple cube here"),
        ("put the red cylinder in the bowl", "no red cylinder here"),
        ("open the drawer", "no drawer here"),
        ("put the cube into the bowl", "there are 2 things that “cube” may mean"),
        ("take the blue cube out of the bowl", "it does not say what to do"),
        ("do not touch the red cube", "it names no object"),
        ("put the red cube and the blue cube into the bowl", "more than one thing"),
    ],
)
def test_what_is_not_scored_and_why(text, why):
    assert why in read(text, "pick_place", SCENE).unscored


@pytest.mark.parametrize("task", TASKS)
def test_every_way_to_say_it_is_read_as_what_it_says(task):
    spec, logic = TASKS[task], task_logic(task)
    kind = task if task in ("button", "drawer") else "object"
    bodies = tuple(f"{kind}{k}" for k in range(2 if task == "drawer" else 3))
    goal = {"pick_place": "bowl", "push": "zone", "stack": bodies[-1]}.get(task)
    nouns = (
        dict.fromkeys(bodies, kind)
        if kind != "object"
        else dict(zip(bodies, ("cube", "cylinder", "cube"), strict=True))
    )
    scene = Assignment(bodies[0], goal, dict(zip(bodies, ("blue", "green", "red"), strict=False)), nouns, bodies)
    concepts = logic.concepts(scene)
    for seed, template in enumerate((*spec.templates, *spec.held_out, *spec.indirect)):
        for unseen in ((), list(concepts)):
            text = fill(template, concepts, np.random.default_rng(seed), unseen=unseen)
            for clause in ("{}", *CLAUSES):
                reading = read(clause.format(text, other="green"), task, scene)
                assert (reading.task, reading.target, reading.goal) == (task, bodies[0], goal), clause.format(text)


def test_the_nearest_sentence_decides_where_the_rules_do_not():
    def embed(texts):
        towers = np.array([["pile" in text or text.startswith("stack the green") for text in texts]], np.float32).T
        return np.hstack([towers, 1 - towers])

    text = "let the green one join the red one, piled up"
    reading = understand(text, "pick_place", SCENE, embed)
    assert (reading.task, reading.target, reading.goal) == ("stack", "object1", "object2")
    assert understand(
        "grab the red cube", "pick_place", SCENE, lambda texts: np.eye(len(texts), dtype=np.float32)
    ).unscored


def test_the_judge_follows_the_words_and_the_expert_does_them():
    from wam_demo.sim.expert import Expert

    world = World("pick_place")
    world.draw(3)
    own = world.assignment
    other = next(body for body in own.candidates if body != own.target)
    text = f"put the {own.colours[other]} {own.nouns[other]} into the bowl"
    reading = understand(text, "pick_place", own)
    event = world.apply_event("language", {"text": text, **reading.parameters()})
    assert world.assignment.target == other
    expert = Expert(world)
    results = [world.step(expert.act()) for _ in range(140)]
    assert results[-1].success
    world.apply_event("language", {"severity": 0})
    assert world.assignment == own
    world.apply_event(event.kind, event.parameters)  # what a log holds does the same again
    assert (world.assignment.target, world.instruction) == (other, text)
    world.apply_event("language", {"text": "put the elephant into the bowl", "unscored": "no elephant here"})
    assert (world.unscored, world.goal_distance()) == ("no elephant here", None)
    for wrong in ({"task": "drawer", "target": "drawer0"}, {"task": "pick_place", "target": "bowl", "goal": "bowl"}):
        with pytest.raises(InvalidInputError):
            world.apply_event("language", {"text": "x", **wrong})
    world.close()


def test_words_about_the_same_thing_leave_the_judge_alone():
    world = World("pick_place")
    world.draw(3)
    before = world.assignment
    world.apply_event("language", {"text": "anything at all"})
    assert (world.assignment, world.unscored) == (before, "")
    world.close()


def test_a_twin_judges_by_the_words_of_the_episode_that_it_was_forked_from():
    world, twin = World("pick_place"), World("pick_place")
    world.draw(3)
    twin.draw(8)
    own = world.assignment
    other = next(body for body in own.candidates if body != own.target)
    text = f"put the {own.colours[other]} {own.nouns[other]} into the bowl"
    world.apply_event("language", {"text": text, **understand(text, "pick_place", own).parameters()})
    twin.restore(world.snapshot())
    assert (twin.assignment.target, twin.instruction) == (other, text)
    assert twin.goal_distance() == pytest.approx(world.goal_distance())
    world.apply_event("language", {"text": "put the elephant into the bowl", "unscored": "no elephant here"})
    twin.restore(world.snapshot())
    assert twin.unscored == "no elephant here"
    world.close()
    twin.close()
