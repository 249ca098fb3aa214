"""Colours by their words, and how far a colour may shift before another word fits better."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, lab2lch, lch2lab, rgb2lab

Rgb = tuple[float, float, float]

COLOURS: Mapping[str, Rgb] = {
    "red": (0.86, 0.07, 0.06),
    "green": (0.08, 0.62, 0.16),
    "blue": (0.08, 0.22, 0.88),
    "yellow": (0.96, 0.80, 0.05),
}
"""RGB 0..1 of the colours that instructions name."""

CONFOUNDER_COLOURS: Mapping[str, Rgb] = {
    "purple": (0.55, 0.2, 0.75),
    "orange": (0.98, 0.5, 0.1),
    "turquoise": (0.1, 0.75, 0.78),
    "pink": (0.95, 0.5, 0.7),
}
"""RGB 0..1 of colours that no instruction names."""

_WORDS: Mapping[str, Rgb] = {
    **COLOURS,
    **CONFOUNDER_COLOURS,
    "brown": (0.45, 0.27, 0.12),
    "white": (1.0, 1.0, 1.0),
    "grey": (0.5, 0.5, 0.5),
    "black": (0.0, 0.0, 0.0),
}
_WORDS_LAB = rgb2lab(np.array(list(_WORDS.values())))


def colour_word(rgb: NDArray) -> str:
    """The basic colour word nearest to RGB (3,) 0..1 by CIEDE2000."""
    distance = deltaE_ciede2000(rgb2lab(np.asarray(rgb, dtype=float))[None], _WORDS_LAB)
    return list(_WORDS)[int(distance.argmin())]


def shifted(rgb: NDArray, hue_deg: float, lightness: float, chroma: float) -> NDArray[np.float64]:
    """RGB (3,) 0..1 after a shift in CIELAB.

    Args:
        rgb: (3,) 0..1.
        hue_deg: Turns the hue [deg].
        lightness: Is added to L*, which goes from 0 (black) to 100 (white).
        chroma: Factor on the saturation.
    """
    light, saturation, hue = lab2lch(rgb2lab(np.asarray(rgb, dtype=float)))
    lch = np.array([np.clip(light + lightness, 0, 100), saturation * chroma, hue + np.radians(hue_deg)])
    # Of the two libraries only this one is silent about colours that a screen cannot show.
    shown = cv2.cvtColor(lch2lab(lch).astype(np.float32)[None, None], cv2.COLOR_LAB2RGB)
    return np.clip(shown[0, 0].astype(float), 0, 1)
