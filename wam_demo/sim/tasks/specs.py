"""The registry of tasks: names, instruction templates, horizons. Importing it loads no simulator."""

from collections.abc import Mapping

from wam_demo.sim.tasks.base import TaskSpec

_PICK_PLACE = TaskSpec(
    name="pick_place",
    title="Put an object into the bowl",
    goal="The named object lies in the bowl, let go and at rest.",
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
    goal="The named object stands inside the zone, at rest on the table.",
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
    goal="The named button is down and the others are up.",
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

_REACH = TaskSpec(
    name="reach",
    title="Reach for an object",
    goal="The tool is at the point above the named object.",
    templates=(
        "reach for the {colour} {a_noun}",
        "reach the {colour} {a_noun}",
        "go to the {colour} {a_noun}",
        "move to the {colour} {a_noun}",
        "point at the {colour} {a_noun}",
        "hover over the {colour} {a_noun}",
        "move above the {colour} {a_noun}",
        "go above the {colour} {a_noun}",
        "please go to the {colour} {a_noun}",
        "can you point at the {colour} {a_noun}",
        "show me the {colour} {a_noun}",
        "go to the {a_noun} that is {colour}",
        "move the hand to the {colour} {a_noun}",
        "{colour} {a_noun}",
    ),
    held_out=(
        "would you kindly indicate the {colour} {a_noun}",
        "bring your fingertips close to the {a_noun} coloured {colour}",
        "wait just over the {colour} {a_noun}",
        "which {a_noun} is {colour}? stop there",
    ),
    indirect=(
        "I wonder where the {colour} {a_noun} is",
        "the {colour} {a_noun} is the one I mean",
        "it is all about the {colour} {a_noun}",
    ),
    horizon=80,
)

_STACK = TaskSpec(
    name="stack",
    title="Stack one object on another",
    goal="The named object rests on the other one, let go.",
    templates=(
        "stack the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "put the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "place the {colour} {a_noun} on top of the {goal_colour} {goal_noun}",
        "put the {colour} {a_noun} on top of the {goal_colour} {goal_noun}",
        "set the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "pick up the {colour} {a_noun} and stack it on the {goal_colour} {goal_noun}",
        "take the {colour} {a_noun} and put it on the {goal_colour} {goal_noun}",
        "move the {colour} {a_noun} onto the {goal_colour} {goal_noun}",
        "lift the {colour} {a_noun} onto the {goal_colour} {goal_noun}",
        "please stack the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "can you put the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "the {colour} {a_noun} goes on the {goal_colour} {goal_noun}",
        "I want the {colour} {a_noun} on the {goal_colour} {goal_noun}",
        "{colour} {a_noun} on the {goal_colour} {goal_noun}",
    ),
    held_out=(
        "would you kindly balance the {colour} {a_noun} upon the {goal_colour} {goal_noun}",
        "build a tower: below the {goal_colour} {goal_noun}, above it the {colour} {a_noun}",
        "the {goal_colour} {goal_noun} should carry the {colour} {a_noun}",
        "rest the {a_noun} coloured {colour} atop the {goal_colour} {goal_noun}",
    ),
    indirect=(
        "the {colour} {a_noun} belongs on the {goal_colour} {goal_noun}",
        "the {goal_colour} {goal_noun} would look better under the {colour} {a_noun}",
        "I would like a tower with the {colour} {a_noun} on the {goal_colour} {goal_noun}",
    ),
    horizon=140,
)

_DRAWER = TaskSpec(
    name="drawer",
    title="Open a drawer",
    goal="The named drawer is open.",
    templates=(
        "open the {colour} {part}",
        "pull the {colour} {part} open",
        "pull open the {colour} {part}",
        "pull out the {colour} {part}",
        "slide the {colour} {part} open",
        "slide out the {colour} {part}",
        "grab the handle of the {colour} {part} and pull",
        "please open the {colour} {part}",
        "can you open the {colour} {part}",
        "open the {part} that is {colour}",
        "I want the {colour} {part} open",
        "get the {colour} {part} open",
        "the {colour} {part} should be open",
        "{colour} {part} open",
    ),
    held_out=(
        "would you kindly draw the {colour} {part} towards the camera",
        "let me look inside the {part} coloured {colour}",
        "yank the {colour} {part} outwards",
        "make the {colour} {part} come out of its cabinet",
    ),
    indirect=(
        "I need something from the {colour} {part}",
        "the {colour} {part} has been shut for too long",
        "what might be in the {colour} {part}",
    ),
    horizon=100,
)

TASKS: Mapping[str, TaskSpec] = {spec.name: spec for spec in (_PICK_PLACE, _PUSH, _BUTTON, _REACH, _STACK, _DRAWER)}
"""Every task by name."""
