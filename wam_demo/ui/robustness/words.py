"""What the Robustness tab calls the undisturbed scene, and what it begins with."""

NOMINAL_WORDS = ("nothing", "The scene as it was trained on")
USUAL_AXES = ("none", "light", "background", "distractor", "shove")
"""Axes that are chosen when the page opens."""
