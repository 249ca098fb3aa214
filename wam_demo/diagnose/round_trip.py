"""How precisely poses come back from pictures of them: what drawing an action costs before anything is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.action_images.model import ActionImagesConfig
from wam_demo.models.action_images.pictures import LEAST_CONFIDENCE, Decoded, decode, encode, points_of, vector_of
from wam_demo.models.action_images.views import Views, beside_hand
from wam_demo.models.geometry import rotation_of, tcp_pose
from wam_demo.types import OPENING_INDEX, STATE_DIM

REACH_M, TURN_DEG = 0.2, 60.0
"""How far a pose is from the present hand, whose gripper points down, at most."""
NOISE = 0.02
"""Standard deviation of the noise that a generated picture may have, where white is 1."""
WAYS: dict[str, Callable[[Tensor], Tensor]] = {
    "exact": lambda pictures: pictures,
    "eight_bit": lambda pictures: (255 * pictures).round() / 255,
    "noise_2_percent": lambda pictures: pictures + NOISE * torch.randn_like(pictures),
}
"""What happens to the pictures on their way."""


def round_trip(config: ActionImagesConfig, box: Tensor, count: int, seed: int) -> dict[str, Any]:
    """Draw random poses and read them back.

    Args:
        config: Calibration, and how actions are drawn.
        box: (2, 3) corners of the workspace that hand and poses lie in [m].
        count: Poses.
        seed: Of poses and noise.

    Returns:
        JSON-serialisable: the share of poses of which every point is in a view, and in two views; by way, of these
        the share that was decoded and its errors, and how many of the others were decoded: each is a guess.
    """
    torch.manual_seed(seed)
    state, position, rotation, opening = _poses(box, count)
    canvas = Views.calibrated(config.calibration, state).widened(config.margin).beside(beside_hand(state[:, :3]))
    points = points_of(position, rotation)[:, None]
    pictures = encode(canvas, points, opening[:, None], config.size, config.sigma)
    inside = canvas.project(points)[1][:, :, 0]
    shown = (inside.sum(1) >= 2).all(-1)
    ways = {}
    for name, way in WAYS.items():
        found = decode(canvas, way(pictures), config.sigma)
        ways[name] = _errors(found, shown, position, rotation, opening)
    views = zip(("front", "wrist", "beside"), inside.all(-1).float().mean(0).tolist(), strict=True)
    return {
        "poses": count,
        "reach_m": REACH_M,
        "turn_deg": TURN_DEG,
        "picture_px": config.size,
        "shown_by": dict(views),
        "shown_by_two": float(shown.float().mean()),
        "ways": ways,
    }


def _poses(box: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """States (N, 17) of the hand, positions (N, 3) and rotations (N, 3, 3) of poses, and openings (N,)."""
    low, high = box
    state = torch.zeros(count, STATE_DIM)
    state[:, :3] = low + (high - low) * torch.rand(count, 3)
    state[:, 3], state[:, 7], state[:, OPENING_INDEX] = 1.0, -1.0, 1.0
    away = REACH_M * torch.rand(count, 1) * F.normalize(torch.randn(count, 3), dim=-1)
    position = (state[:, :3] + away).clamp(low, high)
    turn = math.radians(TURN_DEG) * torch.rand(count, 1) * F.normalize(torch.randn(count, 3), dim=-1)
    return state, position, rotation_of(turn) @ tcp_pose(state)[1], torch.rand(count)


def _errors(found: Decoded, shown: Tensor, position: Tensor, rotation: Tensor, opening: Tensor) -> dict[str, Any]:
    decoded = found.confidence[:, 0] >= LEAST_CONFIDENCE
    good = decoded & shown
    errors = {
        "position_mm": 1e3 * (found.position[:, 0] - position).norm(dim=-1),
        "rotation_deg": vector_of(found.rotation[:, 0].mT @ rotation).norm(dim=-1).rad2deg(),
        "opening": (found.opening[:, 0] - opening).abs(),
    }
    return {
        "decoded": float(good.sum() / shown.sum().clamp_min(1)),
        "guessed": int((decoded & ~shown).sum()),
        **{name: _percentiles(error[good]) for name, error in errors.items()},
    }


def _percentiles(errors: Tensor) -> dict[str, float | None]:
    if not len(errors):
        return {"p50": None, "p95": None}
    return {name: float(errors.quantile(share)) for name, share in (("p50", 0.5), ("p95", 0.95))}
