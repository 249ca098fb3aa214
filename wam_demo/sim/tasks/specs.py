"""The registry of tasks: names, instruction templates, horizons. Importing it loads no simulator."""

from collections.abc import Mapping

from wam_demo.sim.tasks.base import TaskSpec

_PICK_PLACE = TaskSpec(
    name="pick_place",
    title="Put an object into the bowl",
    templates=(
        "put the {colour} {a_noun} in the {container}",
        "place the {colour} {a_noun} into the {container}",
        "pick up the {colour} {a_noun} and put it in the {container}",
        "move the {colour} {a_noun} to the {container}",
        "drop the {colour} {a_noun} in the {container}",
        "grab the {colour} {a_noun} and drop it in the {container}",
        "take the {colour} {a_noun} and place it inside the {container}",
        "lift the {colour} {a_noun} and set it in the {container}",
        "put the {a_noun} that is {colour} in the {container}",
        "bring the {colour} {a_noun} to the {container}",
        "the {colour} {a_noun} goes in the {container}",
        "please put the {colour} {a_noun} into the {container}",
        "can you put the {colour} {a_noun} in the {container}",
        "{colour} {a_noun} into the {container}",
        "I want the {colour} {a_noun} in the {container}",
        "pick the {colour} {a_noun} and drop it into the {container}",
    ),
    held_out=(
        "would you kindly deposit the {colour} {a_noun} within the {container}",
        "fetch me that {colour} {a_noun} and let it fall into the {container}",
        "the {container} is where the {colour} {a_noun} should end up",
        "transfer the {a_noun} coloured {colour} over into the {container}",
        "stow the {colour} {a_noun} away in the {container}",
    ),
    horizon=140,
)

TASKS: Mapping[str, TaskSpec] = {spec.name: spec for spec in (_PICK_PLACE,)}
"""Every task by name."""
