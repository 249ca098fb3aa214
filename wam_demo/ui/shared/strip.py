"""The strip: one moment of any source as pictures and JSON. Simulator, recording and stream all show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from wam_demo.runtime.monitor import PredictionError
from wam_demo.types import Band, Chunks, Frames, Heatmap, Image, Panel, Prediction, Scalars, Vector
from wam_demo.ui.shared.packet import Tile
from wam_demo.ui.shared.pictures import attention_peak, error_map, heat_peak, overlay

VIEWS = ("imagined", "attention", "error")
"""Views of the strip that a policy fills."""


@dataclass(frozen=True)
class StripMoment:
    """What is shown of one moment.

    Attributes:
        episode: Changes when nothing of before belongs to it any more.
        now: What is there, by camera.
        imagined: (H, W, 3) uint8 by camera, by control steps ahead.
        imagined_at: Control step at which it was imagined; ``None`` without.
        errors: How far imagined moments lay from the actual ones, by control steps ahead.
        prediction: The newest one, if there is one.
        answered: Changes with the prediction.
        observed: Pictures by camera that the prediction answers, as far as they are shown.
        absent: Why a view of `VIEWS` has no picture.
    """

    episode: int
    now: Mapping[str, Tile]
    imagined: Mapping[int, Mapping[str, Image]] = field(default_factory=dict)
    imagined_at: int | None = None
    errors: Mapping[int, PredictionError] = field(default_factory=dict)
    prediction: Prediction | None = None
    answered: object = None
    observed: Mapping[str, Image] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def attention(self) -> Mapping[str, Vector]:
        """(gh, gw) by camera, where a picture is there to lay it over."""
        found = {} if self.prediction is None else self.prediction.attention
        return {camera: grid for camera, grid in found.items() if camera in self.observed}

    @property
    def panels(self) -> Mapping[str, Panel]:
        """What the policy shows of its own, by title."""
        return {} if self.prediction is None else self.prediction.panels


def picture(stamp: object, image: Image) -> Tile:
    """A tile that is shown unchanged."""
    return Tile(stamp, lambda: image)


def strip_tiles(moment: StripMoment) -> dict[str, Tile]:
    """Every picture by ``view[.steps ahead].camera``; those of a panel by ``panel.title.index.camera``."""
    tiles = {f"now.{camera}": tile for camera, tile in moment.now.items()}
    for ahead, frames in moment.imagined.items():
        for camera, frame in frames.items():
            tiles[f"imagined.{ahead}.{camera}"] = picture((moment.episode, moment.imagined_at), frame)
    for ahead, error in moment.errors.items():
        for camera, values in error.maps.items():
            tiles[f"error.{ahead}.{camera}"] = Tile((moment.episode, error.made), partial(error_map, values))
    stamp, peak = (moment.episode, moment.answered), attention_peak(moment.attention)
    for camera, grid in moment.attention.items():
        tiles[f"attention.{camera}"] = Tile(stamp, partial(overlay, moment.observed[camera], grid, peak))
    for title, panel in moment.panels.items():
        found = _panel_tiles(panel, moment.observed, stamp)
        tiles |= {f"panel.{title}.{name}": tile for name, tile in found.items()}
    return tiles


def _panel_tiles(panel: Panel, observed: Mapping[str, Image], stamp: object) -> dict[str, Tile]:
    if isinstance(panel, Frames):
        return {
            f"{k}.{c}": picture(stamp, frame) for c, frames in panel.images.items() for k, frame in enumerate(frames)
        }
    if isinstance(panel, Heatmap):
        grids = {camera: grid for camera, grid in panel.grids.items() if camera in observed}
        peak = heat_peak(grids) if grids else 0.0
        return {f"0.{c}": Tile(stamp, partial(overlay, observed[c], grid, peak)) for c, grid in grids.items()}
    return {}


def strip_status(moment: StripMoment) -> dict[str, Any]:
    """What the strip says in words and numbers: JSON-ready."""
    return {
        "imagined_at": moment.imagined_at,
        "shares": attention_shares(moment.prediction) if moment.attention else None,
        "errors": {str(k): {"made": e.made, "at": e.at, "error": round(e.error, 4)} for k, e in moment.errors.items()},
        "absent": {view: moment.absent.get(view, "") for view in VIEWS},
        "panels": [{"title": title, **_described(panel)} for title, panel in moment.panels.items()],
    }


def attention_shares(prediction: Prediction | None) -> dict[str, float] | None:
    """Share of the attention by camera, on proprioception and on the text; they sum to 1."""
    if prediction is None or not prediction.attention:
        return None
    shares = {camera: float(grid.sum()) for camera, grid in prediction.attention.items()}
    return {name: round(float(share), 4) for name, share in {**shares, **prediction.attention_mass}.items()}


def _described(panel: Panel) -> dict[str, Any]:
    match panel:
        case Frames(images, steps):
            return {"kind": "frames", "cameras": list(images), "steps": list(steps)}
        case Heatmap(grids):
            return {"kind": "heatmap", "cameras": list(grids), "steps": [0]}
        case Chunks(chunks):
            return {"kind": "chunks", "names": list(chunks)}
        case Band(value, low, high):
            return {"kind": "band", "value": round(float(value), 4), "low": low, "high": high}
        case Scalars(values):
            return {"kind": "scalars", "values": {name: float(value) for name, value in values.items()}}
