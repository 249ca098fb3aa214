"""The moving picture at the head of the README: ``python tools/dream_picture.py --seed 1``.

Reality on the left, on the right the dream that begins with the same picture: the same policy in both, and on the right
it sees nothing but what it imagines.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from wam_demo.policies.engines import engines
from wam_demo.runtime.twin import Twin, TwinSource, WatchableSource, with_its_dream
from wam_demo.types import CONTROL_HZ
from wam_demo.ui.shared.catalogue import shipped

SIDE, GAP, HEAD, FOOT = 256, 6, 26, 22
"""Side of one view, space between views, height of the line above and below [px]."""
REST_S = 2.0
"""How long the end stays."""
_GROUND, _INK, _FAINT, _DREAM = (250, 250, 248), (30, 34, 40), (110, 116, 124), (112, 79, 196)


def drawn(twin: Twin, words: str) -> Pictures.Image:
    """Both views as they are now."""
    view = twin.view({})
    sheet = Pictures.new("RGB", (2 * SIDE + GAP, HEAD + SIDE + FOOT), _GROUND)
    pen, bold = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    heads = ((0, "Reality", _INK), (SIDE + GAP, "Its dream: imagined, not seen", _DREAM))
    for (left, title, colour), frame in zip(heads, view.frames, strict=True):
        pen.text((left + 4, 4), title, colour, bold)
        sheet.paste(Pictures.fromarray(np.asarray(frame)), (left, HEAD))
    pen.rectangle((SIDE + GAP, HEAD, 2 * SIDE + GAP - 1, HEAD + SIDE - 1), outline=_DREAM, width=3)
    real = view.outcomes[0]
    end = f"   {real.name}" if real is not None else ""
    pen.text((4, HEAD + SIDE + 3), f"{words}   {view.step / CONTROL_HZ:.1f} s{end}", _FAINT, ImageFont.load_default(13))
    return sheet


def main() -> None:
    """Play once and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", default="agra_wide")
    parser.add_argument("--task", default="pick_place")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("assets/pictures/dream.webp"))
    chosen = parser.parse_args()
    backend = shipped().backend
    assert backend.open_dream is not None, "the shipped policies dream"
    with closing(backend.open_source(chosen.task)) as source:
        assert isinstance(source, TwinSource), "a simulator"
        observation = source.reset(chosen.seed)
        dream = backend.open_dream(chosen.policy, observation)
        assert isinstance(dream, WatchableSource), "people look at dreams"
        planner, horizon = backend.open_planner(chosen.policy, source), backend.horizons[chosen.task]
        with closing(with_its_dream(source, dream, planner, chosen.seed, 0, horizon, "own")) as twin:
            pictures = [drawn(twin, observation.instruction)]
            while not twin.ended:
                twin.advance()
                pictures.append(drawn(twin, observation.instruction))
    engines.close()
    step_ms = round(1000 / CONTROL_HZ)
    durations = [step_ms] * (len(pictures) - 1) + [round(1000 * REST_S)]
    pictures[0].save(
        chosen.out, save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=72, method=6
    )
    print(f"{chosen.out}: {len(pictures)} pictures, {chosen.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
