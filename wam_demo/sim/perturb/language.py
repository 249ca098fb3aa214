"""language: other words for the same thing."""

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.limits import INSTRUCTION_CHARACTERS
from wam_demo.sim.language import fill
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters
from wam_demo.sim.reading import Reading
from wam_demo.sim.scene import Scene

CLAUSES = (
    "there are other things on the table, leave them alone: {}",
    "{}, and do not worry about the {other} one",
    "I had coffee this morning; now {}",
    "{}, not the {other} one",
    "while the music plays and the {other} one stays where it is: {}",
)
TYPING_ERRORS = 0.12
"""Share of letters that are mistyped."""


READ = ("task", "target", "goal", "unscored")
"""Parameters that say what a person's words ask for; without them the words are about the same thing."""


class Language:
    """Parameters: ``text``, and what was read of a person's words: ``task``, ``target``, ``goal``, or ``unscored``.

    Each severity keeps what the one before it did and adds to it.
    """

    name, during = "language", False
    parameters = ("text", *READ)

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Unseen nouns; in an unseen sentence; an indirect request; a distracting clause; unseen colours, mistyped."""
        spec, concepts = world.judge.spec, world.judge.concepts(world.assignment)
        sentences = (spec.templates, spec.held_out, spec.indirect)[min(severity, 3) - 1]
        unseen = concepts if severity == 5 else [slot for slot in concepts if not slot.endswith("colour")]
        text = fill(str(rng.choice(sentences)), concepts, rng, unseen=unseen)
        if severity >= 4:
            text = _distract(text, world, rng)
        return {"text": mistype(text, rng) if severity == 5 else text}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        text = parameters.get("text")
        if not isinstance(text, str) or not 0 < len(text) <= INSTRUCTION_CHARACTERS or not _is_unicode(text):
            raise InvalidInputError(f"parameter 'text': valid is 1..{INSTRUCTION_CHARACTERS} characters")
        return {"text": text, **_checked_reading(parameters, scene)}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Say it that way, and judge what it asks for."""
        world.instruction = values["text"]
        if any(name in values for name in READ):
            world.follow(Reading(**{name: value for name, value in values.items() if name in READ}))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """The instruction of the reset."""
        world.instruction = world.plain_instruction
        world.follow(None)


def _checked_reading(parameters: Parameters, scene: Scene) -> Parameters:
    """What was read, if anything was: a task that can be judged in this scene, and bodies that it has."""
    if "unscored" in parameters:
        why = parameters["unscored"]
        if not isinstance(why, str) or not 0 < len(why) <= INSTRUCTION_CHARACTERS:
            raise InvalidInputError(f"parameter 'unscored': valid is 1..{INSTRUCTION_CHARACTERS} characters")
        return {"unscored": why}
    if not any(name in parameters for name in READ):
        return {}
    values = {name: parameters[name] for name in ("task", "target", "goal") if name in parameters}
    strings = {"task", "target"} <= set(values) and all(isinstance(value, str) for value in values.values())
    if not strings or not Reading(**values).fits(scene.things()):
        raise InvalidInputError("parameters 'task', 'target', 'goal': valid is what the scene can be judged by")
    return values


def _is_unicode(text: str) -> bool:
    """JSON can hold halves of surrogate pairs, which no tokenizer and no file takes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def mistype(text: str, rng: np.random.Generator) -> str:
    """Letters swapped with their neighbour, doubled or left out."""
    letters = list(text)
    for index in range(len(letters) - 1):
        if letters[index].isalpha() and letters[index + 1].isalpha() and rng.random() < TYPING_ERRORS:
            kind = rng.integers(3)
            if kind == 0:
                letters[index], letters[index + 1] = letters[index + 1], letters[index]
            else:
                letters[index] = letters[index] * 2 if kind == 1 else ""
    return "".join(letters)


def _distract(text: str, world: DisturbedWorld, rng: np.random.Generator) -> str:
    colours, target = world.assignment.colours, world.assignment.target
    others = [colour for name, colour in colours.items() if name != target] or ["other"]
    return str(rng.choice(CLAUSES)).format(text, other=rng.choice(others))
