"""Many more ways to say what a task is, for wide demonstrations, apart from those of the `language` axis."""

from collections.abc import Mapping, Sequence

import numpy as np

from wam_demo.sim.language import SYNONYMS
from wam_demo.sim.perturb.language import mistype
from wam_demo.sim.tasks.specs import TASKS

WORDS: Mapping[str, Sequence[str]] = {
    "red": (
        "red",
        "crimson",
        "scarlet",
        "reddish",
        "bright red",
        "dark red",
        "blood-red",
        "vermilion",
        "tomato-red",
    ),
    "green": ("green", "emerald", "lime", "greenish", "bright green", "dark green", "leaf-green", "olive", "minty"),
    "blue": ("blue", "azure", "navy", "bluish", "bright blue", "dark blue", "sky-blue", "ultramarine", "indigo"),
    "yellow": ("yellow", "golden", "lemon", "yellowish", "bright yellow", "sunny", "amber", "honey-coloured", "gold"),
    "cube": ("cube", "block", "box", "cuboid", "square block", "square", "carton", "crate", "cubic thing"),
    "cylinder": ("cylinder", "can", "tube", "canister", "round block", "roll", "barrel", "round thing", "roller"),
    "object": ("one", "object", "thing", "piece", "toy", "stuff", "bit", "article"),
    "bowl": ("bowl", "dish", "basin", "vessel", "cup", "plate", "round tray", "saucer", "receptacle"),
    "zone": ("zone", "area", "square", "field", "marked place", "target", "spot", "outline", "goal"),
    "button": ("button", "switch", "knob", "key", "buzzer", "pusher", "disc", "control"),
    "drawer": ("drawer", "tray", "slide-out box", "chest", "slider", "pull-out", "box"),
}
"""Concept -> words, the training's own among them."""

SENTENCES: Mapping[str, Sequence[str]] = {
    "pick_place": (
        "get the {colour} {a_noun} into the {container}",
        "put that {colour} {a_noun} in there, in the {container}",
        "the {container} should have the {colour} {a_noun} in it",
        "the {colour} {a_noun} must be in the {container}",
        "I need the {colour} {a_noun} inside the {container}",
        "find the {colour} {a_noun} and put it into the {container}",
        "carry the {colour} {a_noun} to the {container} and let go",
        "could the {colour} {a_noun} go into the {container}",
        "let us have the {colour} {a_noun} in the {container}",
        "a {colour} {a_noun} has to be put in the {container}",
        "in the {container}: the {colour} {a_noun}",
        "we are missing one thing in the {container}, the {colour} {a_noun}",
        "where the {colour} {a_noun} ought to be is in the {container}",
        "why don't you put the {colour} {a_noun} in the {container}",
        "clean up: {colour} {a_noun}, {container}",
        "insert the {colour} {a_noun} into the {container}",
        "load the {container} with the {colour} {a_noun}",
        "fill the {container} with the {colour} {a_noun}",
        "throw the {colour} {a_noun} in the {container}",
        "deliver the {a_noun} in {colour} to the {container}",
    ),
    "push": (
        "make the {colour} {a_noun} go into the {area}",
        "move the {colour} {a_noun} to the {area}",
        "the {colour} {a_noun} must be in the {area}",
        "the {area} should have the {colour} {a_noun} on it",
        "drive the {colour} {a_noun} into the {area}",
        "press against the {colour} {a_noun} until it is in the {area}",
        "I need the {colour} {a_noun} in the {area}",
        "the {colour} {a_noun} has to be in the {area}",
        "drag the {colour} {a_noun} over to the {area}",
        "don't pick it up, push the {colour} {a_noun} to the {area}",
        "could the {colour} {a_noun} go to the {area}",
        "we are missing the {colour} {a_noun} in the {area}",
        "in the {area}: the {colour} {a_noun}",
        "shift the {a_noun} in {colour} into the {area}",
        "sweep the {colour} {a_noun} to the {area}",
    ),
    "button": (
        "use the {colour} {b_noun}",
        "click the {colour} {b_noun}",
        "touch the {colour} {b_noun}",
        "switch on the {colour} {b_noun}",
        "the {colour} {b_noun} must be pressed",
        "the {colour} {b_noun} has to be pushed",
        "I need the {colour} {b_noun} pressed",
        "could somebody press the {colour} {b_noun}",
        "put your finger on the {colour} {b_noun} and push",
        "find the {colour} {b_noun} and push it down",
        "operate the {b_noun} in {colour}",
        "go for the {colour} {b_noun}",
        "start it with the {colour} {b_noun}",
        "the {colour} {b_noun} is the one to press",
    ),
    "reach": (
        "get close to the {colour} {a_noun}",
        "approach the {colour} {a_noun}",
        "find the {colour} {a_noun}",
        "where is the {colour} {a_noun}",
        "I am looking for the {colour} {a_noun}",
        "head for the {colour} {a_noun}",
        "your hand should be over the {colour} {a_noun}",
        "stop above the {colour} {a_noun}",
        "the {colour} {a_noun} is what I want you to reach",
        "touch the {colour} {a_noun}",
        "select the {a_noun} in {colour}",
        "be at the {colour} {a_noun}",
        "the gripper goes over the {colour} {a_noun}",
    ),
    "stack": (
        "make a stack: the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "the {colour} {a_noun} must be on the {goal_colour} {goal_noun}",
        "on the {goal_colour} {goal_noun} should be the {colour} {a_noun}",
        "I need the {colour} {a_noun} on top of the {goal_colour} {goal_noun}",
        "pile the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "carry the {colour} {a_noun} to the {goal_colour} {goal_noun} and put it on top",
        "under the {colour} {a_noun} there should be the {goal_colour} {goal_noun}",
        "could the {colour} {a_noun} go on the {goal_colour} {goal_noun}",
        "get the {colour} {a_noun} up on the {goal_colour} {goal_noun}",
        "top the {goal_colour} {goal_noun} with the {colour} {a_noun}",
        "the {goal_colour} {goal_noun} is the base, the {colour} {a_noun} comes on top",
        "lay the {a_noun} in {colour} on the {goal_colour} {goal_noun}",
        "one on the other: {colour} {a_noun} on {goal_colour} {goal_noun}",
    ),
    "drawer": (
        "the {colour} {part} must be open",
        "I need the {colour} {part} open",
        "I want to put something in the {colour} {part}",
        "could the {colour} {part} be opened",
        "tug at the {colour} {part}",
        "draw out the {colour} {part}",
        "move the {colour} {part} out",
        "take the handle of the {colour} {part} and open it",
        "open up the {part} in {colour}",
        "the {colour} {part} is shut, open it",
        "show what is in the {colour} {part}",
        "the {colour} {part} should come out",
        "unclose the {colour} {part}",
    ),
}
"""Task -> templates beyond those of its `TaskSpec`."""

OPENINGS = (
    "hey robot, ",
    "ok, ",
    "now ",
    "please, ",
    "next: ",
    "robot, ",
    "so, ",
    "alright, ",
    "quickly, ",
)
CLOSINGS = (
    " please",
    " now",
    ", thanks",
    ", thank you",
    " for me",
    ", that is all",
    "!",
    ".",
    " if you can",
    ", carefully",
)
ASIDES = (
    "{}, leave the rest",
    "forget the rest: {}",
    "it is a nice day, {}",
    "{}, nothing else",
    "only this: {}",
    "{} and leave everything else where it is",
    "I said so before: {}",
    "there is a lot on the table, but {}",
)
FRAMED, ASIDE, MISTYPED = 0.3, 0.15, 0.12
"""Probabilities of an opening, of a closing, of an aside, of typing errors."""


def say(task: str, concepts: Mapping[str, str], rng: np.random.Generator) -> str:
    """One of many ways to say it.

    Args:
        task: Its name.
        concepts: Slot -> concept, as `sim.language.fill` takes them.
        rng: Draws everything; a third of the sentences and half of the words are those of narrow demonstrations.
    """
    spec = TASKS[task]
    template = str(rng.choice(spec.templates if rng.random() < 0.35 else SENTENCES[task]))
    words = {}
    for slot, concept in sorted(concepts.items()):
        vague = slot.endswith("_noun") and rng.random() < 0.2
        words[slot] = _word("object" if vague else concept, rng)
    text = template.format(**words)
    if rng.random() < FRAMED:
        text = str(rng.choice(OPENINGS)) + text
    if rng.random() < FRAMED:
        text += str(rng.choice(CLOSINGS))
    if rng.random() < ASIDE:
        text = str(rng.choice(ASIDES)).format(text)
    return mistype(text, rng) if rng.random() < MISTYPED else text


def _word(concept: str, rng: np.random.Generator) -> str:
    return str(rng.choice(SYNONYMS[concept] if rng.random() < 0.5 else WORDS[concept]))
