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
    indirect=(
        "the {colour} {a_noun} belongs in the {container}",
        "the {container} is missing the {colour} {a_noun}",
        "I would like to see the {colour} {a_noun} lying in the {container}",
        "why is the {colour} {a_noun} not in the {container} yet",
    ),
    horizon=140,
)

_PUSH = TaskSpec(
    name="push",
    title="Push an object into the zone",
    templates=(
        "push the {colour} {a_noun} into the {area}",
        "push the {colour} {a_noun} to the {area}",
        "slide the {colour} {a_noun} into the {area}",
        "slide the {colour} {a_noun} to the {area}",
        "shove the {colour} {a_noun} into the {area}",
        "move the {colour} {a_noun} into the {area} by pushing it",
        "nudge the {colour} {a_noun} into the {area}",
        "please push the {colour} {a_noun} into the {area}",
        "can you slide the {colour} {a_noun} into the {area}",
        "push the {a_noun} that is {colour} into the {area}",
        "get the {colour} {a_noun} into the {area}",
        "the {colour} {a_noun} goes in the {area}",
        "I want the {colour} {a_noun} in the {area}",
        "{colour} {a_noun} into the {area}",
    ),
    held_out=(
        "would you kindly scoot the {colour} {a_noun} over to the {area}",
        "the {area} is where the {colour} {a_noun} should end up",
        "without lifting it, bring the {a_noun} coloured {colour} to the {area}",
        "make the {colour} {a_noun} glide across the table onto the {area}",
    ),
    indirect=(
        "the {colour} {a_noun} belongs in the {area}",
        "the {area} is missing the {colour} {a_noun}",
        "I would like to see the {colour} {a_noun} standing in the {area}",
    ),
    horizon=120,
)

_BUTTON = TaskSpec(
    name="button",
    title="Press a button",
    templates=(
        "press the {colour} {b_noun}",
        "push the {colour} {b_noun}",
        "hit the {colour} {b_noun}",
        "tap the {colour} {b_noun}",
        "push down the {colour} {b_noun}",
        "press down on the {colour} {b_noun}",
        "please press the {colour} {b_noun}",
        "can you press the {colour} {b_noun}",
        "press the {b_noun} that is {colour}",
        "go to the {colour} {b_noun} and press it",
        "I want the {colour} {b_noun} pressed",
        "{colour} {b_noun}",
        "activate the {colour} {b_noun}",
    ),
    held_out=(
        "would you kindly give the {colour} {b_noun} a good poke",
        "the {b_noun} coloured {colour} needs to go down",
        "hold down whichever {b_noun} looks {colour}",
        "trigger the {colour} {b_noun} with your fingertips",
    ),
    indirect=(
        "the {colour} {b_noun} wants to be down",
        "somebody should see to the {colour} {b_noun}",
        "it is the {colour} {b_noun} that starts the machine",
    ),
    horizon=80,
)

TASKS: Mapping[str, TaskSpec] = {spec.name: spec for spec in (_PICK_PLACE, _PUSH, _BUTTON)}
"""Every task by name."""
