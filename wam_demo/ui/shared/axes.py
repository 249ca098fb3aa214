"""What the pages call the perturbation axes, and what their severities mean."""

from collections.abc import Mapping

AXES_IN_WORDS: Mapping[str, tuple[str, str]] = {
    "camera": ("camera", "Front and side camera moved: 1 is 2 cm and 1°, 5 is 15 cm and 10°"),
    "hand_eye": ("wrist cam", "The camera on the wrist moved: 1 is 2 cm and 1°, 5 is 15 cm and 10°"),
    "robot_init": ("start pose", "Other start joints: 1 is 0.05 rad away, 5 is 0.4 rad"),
    "noise": ("noise", "Blur or fog in the pictures, at LIBERO-Plus severities 2 to 10"),
    "language": (
        "words",
        "Unseen nouns, sentence, indirect request, distracting clause; 5 unseen colours, mistyped",
    ),
    "layout": ("layout", "Other objects around, target up to 8 cm outside the training region"),
    "light": ("light", "Intensity, direction and colour: 1 is 0.8×, 5 is 0.3× and 60°"),
    "background": ("background", "Unseen table and backdrop: 1 near the training one, 5 patterned and moving"),
    "distractor": ("distractors", "1, 2, 4, 6 or 8 unseen objects dropped in, one of them 14 to 7 cm from the target"),
    "shove": ("shove", "Target pushed during the approach: 1, 2, 4, 6 or 9 cm"),
    "swap_target": ("moved target", "Target or goal moved during the episode: 3, 5, 8, 12 or 16 cm"),
    "occlusion": ("occlusion", "2, 5, 10, 15 or 25 % of one view covered"),
    "view_loss": ("lost view", "A view freezes or goes dark for 0.4, 0.8, 1.6, 3.2 s or to the end"),
    "object_look": (
        "object look",
        "Size of the object by 5 to 25 %, its shade and stripes; the word for its colour still fits",
    ),
    "physics": ("physics", "Friction and mass by a factor of 1.25 to 4, or its inverse"),
    "delay": ("delay", "Actions late by 0.1, 0.2, 0.3, 0.5 or 0.8 s"),
    "combined": ("combined", "Three axes drawn by the seed, each at the severity"),
}
"""Label and help by axis, in their order."""
FIRST_AXES = ("camera", "hand_eye", "light", "background", "noise", "delay", "occlusion")
"""Axes whose slider is seen before anything is unfolded, in their order."""
