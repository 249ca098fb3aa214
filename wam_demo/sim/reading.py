"""What an instruction asks for in a scene: by which task it is judged, with which object, and where that belongs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from wam_demo.sim.language import SYNONYMS
from wam_demo.sim.mentions import Mention, group, mentions, words_of
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.specs import TASKS

JUDGES: Mapping[str, tuple[str, ...]] = {
    "pick_place": ("pick_place", "stack", "reach"),
    "push": ("push", "stack", "reach"),
    "stack": ("stack", "reach"),
    "reach": ("reach", "stack"),
    "button": ("button",),
    "drawer": ("drawer",),
}
"""Tasks whose success can be told in the scene of a task, its own first."""
_FIXTURE = {"pick_place": "bowl", "push": "zone"}
"""What the scene of a task has besides objects."""
_ON = group("on onto upon atop stack top tower balance carry under below beneath")
_REVERSED = group("carry under below beneath")
"""With these the thing that is named first is the lower one."""
_REACH = group(
    "reach go hover point above touch show indicate fingertips wait wonder where stop mean about move hand over"
)
_HANDLE = group("put place pick drop grab take lift set push slide shove nudge throw give stow fetch")
_ELSEWHERE = group("out from off behind beside near around between next")
_UNDO = group("close release")
ONE_AT_A_TIME = "it names more than one thing to do"
NO_GOAL = "it does not say what to do with it in a way that can be scored here"
NO_OBJECT = "it names no object of this scene"


@dataclass(frozen=True)
class Reading:
    """What was understood.

    Attributes:
        task: Whose success predicate judges; empty when nothing can be judged.
        target: Body that is named.
        goal: Body where it belongs, if there is one.
        unscored: Why nothing can be judged; empty when it can.
        named: Bodies that are named beyond doubt.
        sure: Whether the rules decided; what is wanted of ``named`` may be told by other means where they did not.
    """

    task: str = ""
    target: str = ""
    goal: str | None = None
    unscored: str = ""
    named: tuple[str, ...] = ()
    sure: bool = True

    def fits(self, things: Collection[str]) -> bool:
        """Whether a scene with these things can be judged by it."""
        kind = self.task if self.task in ("button", "drawer") else "object"
        goals: list[str | None] = [None]
        if self.task in _FIXTURE:
            goals = [_FIXTURE[self.task]] if _FIXTURE[self.task] in things else []
        elif self.task == "stack":
            goals = [name for name in things if name.startswith("object") and name != self.target]
        return self.task in JUDGES and self.target in things and self.target.startswith(kind) and self.goal in goals

    def parameters(self) -> dict[str, str]:
        """JSON-ready, for a ``language`` event."""
        if self.unscored:
            return {"unscored": self.unscored}
        goal = {} if self.goal is None else {"goal": self.goal}
        return {"task": self.task, "target": self.target, **goal}


def read(text: str, task: str, assignment: Assignment) -> Reading:
    """Read an instruction against a scene, by rules: words, synonyms, mistyped words, prepositions.

    Args:
        text: What a person typed.
        task: Of the scene.
        assignment: Colours and nouns of its bodies.
    """
    words = words_of(text)
    bodies: list[str] = []
    fixtures: list[str] = []
    for mention in mentions(words):
        if mention.noun in ("bowl", "zone", "button", "drawer") and mention.noun not in assignment.nouns.values():
            if mention.noun != _FIXTURE.get(task) or (mention.noun == "bowl" and mention.colour not in _BOWL_COLOURS):
                return Reading(unscored=f"no {mention} here")
            fixtures.append(mention.noun)
            continue
        matching = [body for body in assignment.candidates if _matches(body, mention, assignment)]
        if not matching:
            return Reading(unscored=f"no {mention} here")
        if len(matching) > 1:
            return Reading(unscored=f"there are {len(matching)} things that “{mention}” may mean")
        bodies += [body for body in matching if body not in bodies]
    return _intended(set(words), words, tuple(bodies), bool(fixtures), task)


_BOWL_COLOURS = ("", "white", "grey", "gray")


def _matches(body: str, mention: Mention, assignment: Assignment) -> bool:
    noun = mention.known and mention.noun in ("object", assignment.nouns[body])
    return noun and mention.colour in ("", assignment.colours[body])


def _intended(said: set[str], words: Sequence[str], bodies: tuple[str, ...], fixture: bool, task: str) -> Reading:
    """What is to be done with the bodies that are named."""
    if not bodies:
        return Reading(unscored=NO_OBJECT)
    if task in ("button", "drawer"):
        undone = said & _UNDO or (task == "drawer" and words[0] in ("shut", "push"))
        if undone or len(bodies) > 1:
            return Reading(unscored=NO_GOAL if undone else ONE_AT_A_TIME)
        return Reading(task, bodies[0], None, named=bodies)
    if len(bodies) > 2 or (len(bodies) == 2 and fixture):
        return Reading(unscored=ONE_AT_A_TIME)
    if said & _ELSEWHERE and (fixture or len(bodies) == 2):
        return Reading(unscored=NO_GOAL)
    if len(bodies) == 2:
        return _stacked(said, bodies)
    if fixture:
        return Reading(task, bodies[0], _FIXTURE[task], named=bodies)
    return _alone(said, bodies, task)


def _stacked(said: set[str], bodies: tuple[str, ...]) -> Reading:
    if not said & _ON:
        return Reading(unscored=NO_GOAL, named=bodies, sure=False)
    upper, lower = reversed(bodies) if said & _REVERSED else bodies
    return Reading("stack", upper, lower, named=bodies)


def _alone(said: set[str], bodies: tuple[str, ...], task: str) -> Reading:
    """One object and no place for it."""
    (body,) = bodies
    if not said & _HANDLE and (task == "reach" or said & _REACH):
        return Reading("reach", body, None, named=bodies)
    if task in _FIXTURE and len(said - {"the", "a"}) <= 2:  # nothing but the object: what the scene is about
        return Reading(task, body, _FIXTURE[task], named=bodies)
    return Reading(unscored=NO_GOAL, named=bodies, sure=False)


@dataclass(frozen=True)
class Phrase:
    """An instruction that can be given in a scene, in full and in a few words."""

    text: str
    label: str
    reading: Reading


def phrases(task: str, assignment: Assignment, judges: Sequence[str] = ()) -> list[Phrase]:
    """What can be asked for in a scene, in plain words.

    Args:
        task: Of the scene.
        assignment: Its bodies.
        judges: Tasks to speak of; by default the scene's own.
    """
    return [
        phrase
        for judge in judges or (task,)
        for target in assignment.candidates
        for phrase in _phrases_about(judge, target, assignment)
    ]


def _phrases_about(judge: str, target: str, assignment: Assignment) -> list[Phrase]:
    name = f"{assignment.colours[target]} {assignment.nouns[target]}"
    goals = [body for body in assignment.candidates if body != target] if judge == "stack" else [_FIXTURE.get(judge)]
    return [_phrase(judge, name, target, goal, assignment) for goal in goals]


def _phrase(judge: str, name: str, target: str, goal: str | None, assignment: Assignment) -> Phrase:
    colour, noun = name.split(" ", 1)
    slots = {"colour": colour, "a_noun": noun, "b_noun": noun, "part": noun}
    slots |= {"container": SYNONYMS["bowl"][0], "area": SYNONYMS["zone"][0]}
    if judge == "stack" and goal is not None:
        slots |= {"goal_colour": assignment.colours[goal], "goal_noun": assignment.nouns[goal]}
    onto = "" if goal is None else f"{assignment.colours[goal]} {assignment.nouns[goal]}" if judge == "stack" else goal
    text = TASKS[judge].templates[0].format(**slots)
    return Phrase(text, f"{name} → {onto}" if onto else name, Reading(judge, target, goal))
