"""What a task is: its words and limits (cheap to import) and the protocol of its logic."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.language import fill
from wam_demo.types import Vector

if TYPE_CHECKING:
    from wam_demo.sim.scene import Scene


@dataclass(frozen=True)
class TaskSpec:
    """Words and limits of one task.

    Attributes:
        name: Name on the command line.
        title: A few words for people.
        goal: What has to hold for 0.5 s, as one sentence for people.
        templates: Instruction templates that training samples.
        held_out: Templates with structures that training never sees.
        indirect: Templates that do not say what to do in so many words.
        horizon: Control steps after which an episode has failed.
        cameras: Cameras of its scene.
    """

    name: str
    title: str
    goal: str
    templates: tuple[str, ...]
    held_out: tuple[str, ...]
    indirect: tuple[str, ...]
    horizon: int
    cameras: tuple[str, ...] = ("front", "wrist", "side")

    def instruction(self, concepts: Mapping[str, str], rng: np.random.Generator) -> str:
        """An instruction of the training distribution for these concepts."""
        return fill(str(rng.choice(self.templates)), concepts, rng)


@dataclass(frozen=True)
class Assignment:
    """Who is who in an episode.

    Attributes:
        target: Body that the instruction names.
        goal: Body where it belongs, if the task has one.
        colours: Body -> colour concept.
        nouns: Body -> noun concept.
        candidates: Bodies that the instruction could have named.
    """

    target: str
    goal: str | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    nouns: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Slot -> concept of the target's colour and noun."""
        return {"colour": self.colours[self.target], "a_noun": self.nouns[self.target]}

    def retarget(self, rng: np.random.Generator) -> "Assignment":
        """The same scene with another target."""
        others = [name for name in self.candidates if name not in (self.target, self.goal)]
        return replace(self, target=str(rng.choice(others))) if others else self


class Task(Protocol):
    """The logic of one task; stateless, so that one instance serves every world.

    Attributes:
        spec: Words and limits.
        scene: Name of the MJCF file.
        region: (2, 2) corners [m] of the rectangle in which targets start.
        apart: How far [m] the middles of two of its things have to be from each other for the hand to do its work.
        touching: Two of its things may overlap when their middles are nearer than this [m].
        opens: How far [m] from the middle of its target, along x, what is pulled out of it comes; 0 for most.
    """

    spec: TaskSpec
    scene: str
    region: NDArray[np.float64]
    apart: float
    touching: float
    opens: float

    def layout(self, scene: "Scene", rng: np.random.Generator) -> Assignment:
        """Draw colours, shapes and poses of an episode and place them."""

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Slot -> concept for the instruction templates."""

    def success(self, scene: "Scene", assignment: Assignment) -> bool:
        """Whether the goal is met in this state."""

    def distance(self, scene: "Scene", assignment: Assignment) -> float:
        """How far [m] the state is from those that meet the goal; 0 where only letting go or rest is missing."""

    def act(self, scene: "Scene", assignment: Assignment) -> Vector:
        """The memoryless expert's (7,) action in this state."""
