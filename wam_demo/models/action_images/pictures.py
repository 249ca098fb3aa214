"""Actions as pictures, and pictures as actions (arXiv 2604.06168): Gaussians in calibrated views, rays that meet.

A pose of the TCP is three points: the TCP, 0.1 m along its x axis, 0.1 m against its z axis. Every view shows them as
Gaussians in red, green and blue; the gripper's opening is the floor of the blue channel. What lies outside a view is
not drawn there, and what is not found in two views is not decoded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.models.action_images.views import Views
from wam_demo.models.geometry import rotation_of, tcp_pose
from wam_demo.models.precision import exact

ARM_M = 0.1
"""Distance of the second and third point from the TCP."""
OPEN_BLUE = 0.25
"""Blue floor of an open gripper; a closed one's is 0."""
THRESHOLD = 0.3
"""What is darker is background; above every floor."""
CLEAR = 0.15
"""How far a peak stands above its picture's floor, so that noise on the floor of an open gripper is none."""
PRIOR = 1.0
"""How much the expected width of a Gaussian counts in its fit, in pixels of full height at one sigma."""
GAP_M = 0.03
"""Distance of a point from the rays that should meet there at which confidence has fallen to 1/e."""
LEAST_CONFIDENCE = 0.15
"""Below, a step counts as not decoded."""
BRIDGE_STEPS = 3
"""So many steps in a row may be missing before the arm holds, if a later one was decoded."""


@dataclass(frozen=True)
class Decoded:
    """What pictures of S steps say.

    Attributes:
        position: (B, S, 3) of the TCP [m]; NaN where it was not found in two views.
        rotation: (B, S, 3, 3); NaN likewise.
        opening: (B, S) of the gripper, 0..1.
        confidence: (B, S) in 0..1: the lowest peak of the three points, less where their rays do not meet.
        gap: (B, S) largest distance of the three points from the rays that should meet there [m]; NaN likewise.
        seen: (B, V, S, 3) which point was found in which view.
    """

    position: Tensor
    rotation: Tensor
    opening: Tensor
    confidence: Tensor
    gap: Tensor
    seen: Tensor


def encode(views: Views, points: Tensor, opening: Tensor, size: int, sigma: float) -> Tensor:
    """Draw poses.

    Args:
        views: V at B moments.
        points: (B, S, 3, 3), see `points_of`.
        opening: (B, S) of the gripper, 0..1.
        size: Side of the pictures [px].
        sigma: Of the Gaussians, as a share of the side (0.05 in the paper).

    Returns:
        (B, V, S, 3, size, size) in 0..1.
    """
    image, seen = views.project(points)
    middles = _middles(size).to(image)
    along = torch.exp(-((middles - image[..., None]) ** 2) / (8 * sigma**2))
    drawn = along[..., 1, :, None] * along[..., 0, None, :] * seen[..., None, None]
    floor = OPEN_BLUE * opening[:, None, :, None, None].expand(*seen.shape[:3], 1, 1)
    return torch.cat([drawn[:, :, :, :2], drawn[:, :, :, 2:].maximum(floor[..., None])], 3)


@exact
def decode(views: Views, pictures: Tensor, sigma: float) -> Decoded:
    """Read poses off pictures (B, V, S, 3, size, size), in 0..1, of these views; ``sigma`` as in `encode`."""
    image, height = peaks(pictures, sigma)
    floor = pictures.flatten(-2).median(-1).values
    seen = height > (floor + CLEAR).clamp_min(THRESHOLD)
    points, gap = _meeting(views, image, height * seen)
    found = seen.sum(1) >= 2
    height = (height * seen).sum(1) / seen.sum(1).clamp_min(1)
    confidence = (height.clamp(0, 1) * torch.exp(-((gap / GAP_M) ** 2)) * found).amin(-1)
    gap = torch.where(found.all(-1), gap.amax(-1), math.nan)
    points = torch.where(found.all(-1)[..., None, None], points, math.nan)
    rotation = _turned(points)
    confidence = confidence * rotation.isfinite().all(-1).all(-1)
    opening = floor[..., 2].mean(1) / OPEN_BLUE
    return Decoded(points[..., 0, :], rotation, opening.clamp(0, 1), confidence, gap, seen)


def peaks(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Where the Gaussians of (..., size, size) pictures are.

    The logarithm of a Gaussian is a paraboloid, so weighted least squares around the brightest pixel find its middle,
    also of one that the border cuts. Its width may be another than ``sigma``, which counts as `PRIOR` pixels do.

    Returns:
        Image coordinates (..., 2) and heights (...); a height up to `THRESHOLD` says that there is none.
    """
    size, reach = pictures.shape[-1], math.ceil(2 * sigma * pictures.shape[-1])
    flat = pictures.flatten(-2)
    height, brightest = flat.max(-1)
    line = torch.arange(-reach, reach + 1, device=pictures.device)
    down, right = (part.flatten() for part in torch.meshgrid(line, line, indexing="ij"))
    row, column = brightest[..., None] // size + down, brightest[..., None] % size + right
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    window = flat.gather(-1, (row.clamp(0, size - 1) * size + column.clamp(0, size - 1)))
    weight = (window * inside * (window > THRESHOLD)).square().double()
    x, y = right / (sigma * size), down / (sigma * size)
    terms = torch.stack([torch.ones_like(x), x, y, -(x.square() + y.square()) / 2], -1).double()
    prior = terms.new_tensor([1e-6, 1e-6, 1e-6, PRIOR])
    normal = terms.mT @ (weight[..., None] * terms) + prior.diag()
    values = weight * window.clamp_min(1e-6).log().double()
    fitted = torch.linalg.solve(normal, (terms.mT @ values[..., None])[..., 0] + prior * prior.new_tensor([0, 0, 0, 1]))
    shift = fitted[..., 1:3] / fitted[..., 3:].clamp_min(0.1) * sigma * size
    middle = torch.stack([brightest % size, brightest // size], -1) + shift.clamp(-1.5, 1.5) + 0.5
    return (middle * 2 / size - 1).to(pictures), height


def points_of(position: Tensor, rotation: Tensor) -> Tensor:
    """The three points (..., 3, 3) of poses (..., 3) [m] and (..., 3, 3)."""
    return torch.stack([position, position + ARM_M * rotation[..., 0], position - ARM_M * rotation[..., 2]], -2)


@exact
def poses_after(state: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """Where a chunk (B, S, 7) leads from a state (B, 17): positions (B, S, 3) and rotations (B, S, 3, 3)."""
    position, turn = tcp_pose(state)
    turns = []
    for step in rotation_of(actions[..., 3:6]).unbind(1):
        turn = step @ turn
        turns.append(turn)
    return position[:, None] + actions[..., :3].cumsum(1), torch.stack(turns, 1)


@exact
def actions_to(state: Tensor, decoded: Decoded) -> tuple[Tensor, Tensor]:
    """The chunk that leads from a state to the poses that were decoded.

    Up to `BRIDGE_STEPS` steps in a row that were not decoded are bridged: the arm goes on evenly to the next pose
    that was. From the first longer gap on it stays where it is.

    Returns:
        (B, S, 7) actions as in `ActionChunk`, and (B, S) bool, which decoded steps they follow.
    """
    followed, ahead = _targets(decoded.confidence >= LEAST_CONFIDENCE)
    position, turn = tcp_pose(state)
    opening = state[:, 9]
    each, rows = torch.arange(len(state), device=state.device), []
    for step in range(followed.shape[1]):
        bound, left = ahead[:, step] > 0, ahead[:, step].clamp_min(1)
        aim = each, (step + left - 1)
        there = torch.where(bound[:, None], decoded.position[aim], position)
        turned = torch.where(bound[:, None, None], decoded.rotation[aim], turn)
        opening = torch.where(bound, torch.lerp(opening, decoded.opening[aim], 1 / left), opening)
        moved = ((there - position) / left[:, None]).clamp(-ACTION_TRANSLATION_M, ACTION_TRANSLATION_M)
        vector = (vector_of(turned @ turn.mT) / left[:, None]).clamp(-ACTION_ROTATION_RAD, ACTION_ROTATION_RAD)
        rows.append(torch.cat([moved, vector, opening[:, None]], -1))
        position, turn = position + moved, rotation_of(vector) @ turn
    return torch.stack(rows, 1), followed


def _targets(good: Tensor) -> tuple[Tensor, Tensor]:
    """Which of (B, S) decoded steps are followed, and the steps (B, S) to the pose that each heads to, 0 to stay."""
    count = good.shape[1]
    step = torch.arange(count, device=good.device).expand_as(good)
    last = torch.where(good, step, -1).cummax(1).values
    following = torch.where(good, step, count).flip(1).cummin(1).values.flip(1)
    reached = (following < count) & (good | (following - last <= BRIDGE_STEPS + 1))
    reached = reached.long().cumprod(1).bool()
    return good & reached, torch.where(reached, following - step + 1, 0)


def vector_of(rotation: Tensor) -> Tensor:
    """Rotation vectors (..., 3) [rad] of matrices (..., 3, 3), for turns of less than half a circle."""
    axis = torch.stack([rotation[..., 2, 1] - rotation[..., 1, 2], rotation[..., 0, 2] - rotation[..., 2, 0],
                        rotation[..., 1, 0] - rotation[..., 0, 1]], -1)  # fmt: skip
    sine, cosine = axis.norm(dim=-1, keepdim=True) / 2, (rotation.diagonal(dim1=-2, dim2=-1).sum(-1) - 1)[..., None] / 2
    return axis / 2 / sine.clamp_min(1e-7) * torch.atan2(sine, cosine)


def _middles(size: int) -> Tensor:
    return (torch.arange(size) + 0.5) / size * 2 - 1


def _meeting(views: Views, image: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The points closest to the rays of several views, and how far they are from them.

    A view counts by how sharply it sees: by its peak, its field and its distance.

    Args:
        views: V at B moments.
        image: (B, V, S, 3, 2).
        weight: (B, V, S, 3), 0 where nothing was found.

    Returns:
        (B, S, 3, 3) and (B, S, 3) [m].
    """
    direction = views.directions(image).double()
    origin = views.position[:, :, None, None].double()
    unit = torch.eye(3).to(direction)
    across = unit - direction[..., None] * direction[..., None, :]
    half = views.half[:, :, None, None].double()
    distance = torch.ones_like(half)
    for _ in range(2):
        counts = (weight.double() / half / distance).square()[..., None, None]
        normal = (counts * across).sum(1) + 1e-9 * unit
        point = torch.linalg.solve(normal, (counts * across @ origin[..., None]).sum(1))[..., 0]
        away = point[:, None] - origin
        distance = away.norm(dim=-1).clamp_min(0.05)
    apart = (across @ away[..., None])[..., 0].norm(dim=-1) * (weight > 0)
    return point.float(), apart.amax(1).float()


def _turned(points: Tensor) -> Tensor:
    """(..., 3, 3) points to the closest rotation (..., 3, 3); NaN stays NaN, and so become points that coincide."""
    x, z = points[..., 1, :] - points[..., 0, :], points[..., 0, :] - points[..., 2, :]
    x, z = x / x.norm(dim=-1, keepdim=True), z / z.norm(dim=-1, keepdim=True)
    axes = torch.stack([x, torch.linalg.cross(z, x), z], -1)
    unknown = ~axes.isfinite().all(-1).all(-1)[..., None, None]
    left, _, right = torch.linalg.svd(torch.where(unknown, torch.eye(3).to(axes), axes))
    return torch.where(unknown, math.nan, left @ right)
