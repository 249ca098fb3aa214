"""Pictures of every perturbation axis: ``python tools/contact_sheet.py``, for the docs and for the app."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from wam_demo.types import Event, Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from wam_demo.sim.world import World

SHOWN = (1, 3, 5)
"""Severities in the picture."""
SIDE, GAP, HEAD, COLUMNS = 128, 4, 22, 3
"""Side of one view, space between views, height of a title [px]; axes beside each other."""
_GROUND, _INK, _FAINT = (250, 250, 248), (30, 34, 40), (120, 126, 134)


def contact_sheet(task: str, seed: int) -> Picture:
    """The front view of one scene under every axis at severities 1, 3 and 5.

    What a picture cannot show (words, masses, latency) is written into it.
    """
    from PIL import Image as Pictures
    from PIL import ImageDraw

    from wam_demo.sim.perturb import AXES
    from wam_demo.sim.world import World

    world = World(task)
    rows = -(-len(AXES) // COLUMNS)
    block = (len(SHOWN) * (SIDE + GAP) + 3 * GAP, HEAD + SIDE + 2 * GAP)
    sheet = Pictures.new("RGB", (COLUMNS * block[0] + GAP, rows * block[1] + GAP), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for index, axis in enumerate(AXES):
        left, top = index % COLUMNS * block[0] + GAP, index // COLUMNS * block[1] + GAP
        draw.text((left, top + 3), axis, _INK, font_size=14)
        draw.text((left + 120, top + 5), "severity 1, 3, 5", _FAINT, font_size=11)
        for place, severity in enumerate(SHOWN):
            view, events = _disturbed(world, axis, severity, seed)
            _place(sheet, (left + place * (SIDE + GAP), top + HEAD), view, events)
    world.close()
    return sheet


def severity_sheet(task: str, seed: int) -> Picture:
    """The same for the app, which cuts it: an axis a row, in the registry's order, severities 1 to 5 beside each other."""
    from PIL import Image as Pictures

    from wam_demo.sim.perturb import AXES
    from wam_demo.sim.world import World

    world = World(task)
    sheet = Pictures.new("RGB", (5 * SIDE, len(AXES) * SIDE), _GROUND)
    for row, axis in enumerate(AXES):
        for severity in range(1, 6):
            _place(sheet, ((severity - 1) * SIDE, row * SIDE), *_disturbed(world, axis, severity, seed))
    world.close()
    return sheet


def _place(sheet: Picture, corner: tuple[int, int], view: Image, events: tuple[Event, ...]) -> None:
    """One view, with what it cannot show written over its top."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    sheet.paste(Pictures.fromarray(view), corner)
    if text := " ".join(filter(None, map(_unseen, events))):
        draw, lines = ImageDraw.Draw(sheet), wrap(text, 21)
        draw.rectangle((*corner, corner[0] + SIDE - 1, corner[1] + 6 + 13 * len(lines)), _GROUND)
        draw.multiline_text((corner[0] + 4, corner[1] + 2), "\n".join(lines), _INK, font_size=11, spacing=2)


def _disturbed(world: World, axis: str, severity: int, seed: int) -> tuple[Image, tuple[Event, ...]]:
    """The view that shows the disturbance, once it has come to rest, and what it was."""
    from wam_demo.sim.perturb import sample

    world.draw(seed)
    for event in sample(axis, severity, seed, world):
        world.apply_event(event.kind, event.parameters)
    if any(event.kind == "distractor" for event in world.events):
        world.advance(150)  # until they lie
    camera = "wrist" if axis == "hand_eye" else "front"
    return world.render(camera, 2 * SIDE)[::2, ::2], world.events


def _unseen(event: Event) -> str | None:
    """What a picture does not show of a disturbance."""
    values = event.parameters
    if event.kind == "language":
        return str(values["text"])
    if event.kind == "physics":
        return f"friction x {values['friction']:.2f}, mass x {values['mass']:.2f}"
    if event.kind == "delay":
        return f"acts {values['seconds']} s late"
    return None


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="pick_place")
    parser.add_argument("--seed", type=int, default=500_003)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/axes.jpg"))
    parser.add_argument("--app", type=Path, default=Path("assets/pictures/severities.jpg"))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(options.task, options.seed).save(options.out, quality=88)
    severity_sheet(options.task, options.seed).save(options.app, quality=80)


if __name__ == "__main__":
    main()
