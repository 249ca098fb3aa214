"""Words of the instructions: synonyms that training samples and others that it never sees."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

SYNONYMS: Mapping[str, Sequence[str]] = {
    "red": ("red", "crimson", "scarlet"),
    "green": ("green", "emerald", "lime"),
    "blue": ("blue", "azure", "navy"),
    "yellow": ("yellow", "golden", "lemon"),
    "cube": ("cube", "block", "box"),
    "cylinder": ("cylinder", "can", "tube"),
    "object": ("one", "object", "thing", "piece"),
    "bowl": ("bowl", "dish", "basin"),
    "zone": ("zone", "area", "square"),
    "button": ("button", "switch", "knob"),
    "drawer": ("drawer", "tray"),
}
"""Concept -> words used in training; the first is the plain one and is drawn half of the time."""

HELD_OUT: Mapping[str, Sequence[str]] = {
    "red": ("ruby", "cherry"),
    "green": ("jade", "grassy"),
    "blue": ("cobalt", "sapphire"),
    "yellow": ("canary", "mustard"),
    "cube": ("brick", "die"),
    "cylinder": ("drum", "tin"),
    "object": ("item", "part"),
    "bowl": ("container", "pot"),
    "zone": ("patch", "region"),
    "button": ("push-button", "plunger"),
    "drawer": ("compartment", "bin"),
}
"""Concept -> words that appear only on the ``language`` axis."""


def fill(template: str, concepts: Mapping[str, str], rng: np.random.Generator, *, unseen: Collection[str] = ()) -> str:
    """An instruction from a template.

    Args:
        template: Text with slots; ``{x_colour}`` is filled by a word for ``concepts["x_colour"]``.
        concepts: Slot -> concept, a key of `SYNONYMS`.
        rng: Draws the words; a ``*_noun`` slot becomes a word for "object" one time in four.
        unseen: Slots that get a word of `HELD_OUT`, which training never sees.
    """
    words = {}
    for slot, concept in sorted(concepts.items()):
        vague = slot.endswith("_noun") and rng.random() < 0.25
        words[slot] = _word("object" if vague else concept, rng, slot in unseen)
    return template.format(**words)


def _word(concept: str, rng: np.random.Generator, unseen: bool) -> str:
    if unseen:
        return str(rng.choice(HELD_OUT[concept]))
    plain, *others = SYNONYMS[concept]
    return plain if rng.random() < 0.5 else str(rng.choice(others))
