"""What an action-images model learns from: four modes, told apart by which latents are clean."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wam_demo.models.action_images.model import ActionImagesModel
from wam_demo.models.action_images.sequence import Future
from wam_demo.models.action_images.views import Views
from wam_demo.models.flow import interpolate

MODES = ("joint", "video", "label")
"""Modes that see the scene's future: it is generated with the action, follows from the action, shows the action."""
_CLEAN = torch.tensor([[False, False], [True, False], [False, True]])
"""Whether the action, and the video, are given clean in each of `MODES`."""


@dataclass(frozen=True)
class FutureBatch:
    """Observations with what came of them.

    Attributes:
        latents: (B, cameras, C, H, W).
        text: (B, 384).
        state: (B, 17) raw.
        views: (B, cameras).
        points: (B, 16, 3, 3) of the poses that the chunk leads to.
        opening: (B, 16).
        tau: (B, draws) flow times, one draw a mode where there is a video.
        noise: Of the action, (B, draws, views, frames, channels, size, size).
        video: (B, cameras, K, C, H, W) the frames that came; ``None`` to learn the policy alone.
        video_noise: (B, draws, cameras, K, C, H, W).
        horizons: Which of the future frames the video's are.
    """

    latents: Tensor
    text: Tensor
    state: Tensor
    views: Views
    points: Tensor
    opening: Tensor
    tau: Tensor
    noise: Tensor
    video: Tensor | None = None
    video_noise: Tensor | None = None
    horizons: tuple[int, ...] = ()


def policy_loss(model: ActionImagesModel, batch: FutureBatch) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean squared error of the clean action latents; the scene's future is pure noise and left out."""
    draws = batch.tau.shape[1]
    present = model.observe(batch.latents, batch.text, batch.state, batch.views).repeated(draws)
    action = model.draw(present.canvas, *_each(draws, batch.points, batch.opening))
    tau = batch.tau.flatten()
    noisy = Future(interpolate(action, batch.noise.flatten(0, 1), tau))
    found = model.denoise(present, noisy, tau, torch.zeros(len(tau), 2, dtype=torch.bool, device=tau.device))
    loss = (found.action - action).square().mean()
    return loss, {"policy": loss.detach()}


def modes_loss(model: ActionImagesModel, batch: FutureBatch) -> tuple[Tensor, dict[str, Tensor]]:
    """The other three modes on the same observations: what is not given is what the loss is about."""
    assert batch.video is not None, "these modes see the future"
    assert batch.video_noise is not None, "and its noise"
    draws = len(MODES)
    present = model.observe(batch.latents, batch.text, batch.state, batch.views).repeated(draws)
    points, opening, video = _each(draws, batch.points, batch.opening, batch.video)
    action, tau = model.draw(present.canvas, points, opening), batch.tau.flatten()
    clean = _CLEAN.to(tau.device).repeat(len(batch.text), 1)
    at = torch.where(clean, 0.0, tau[:, None])
    noisy = Future(
        interpolate(action, batch.noise.flatten(0, 1), at[:, 0]),
        interpolate(video, batch.video_noise.flatten(0, 1), at[:, 1]),
    )
    found = model.denoise(present, noisy, tau, clean, batch.horizons)
    assert found.video is not None
    errors = [(found.action - action).square().flatten(1).mean(1), (found.video - video).square().flatten(1).mean(1)]
    of_action, of_video = (error.unflatten(0, (-1, draws)).mean(0) for error in errors)
    parts = {"joint": of_action[0], "joint_video": of_video[0], "video": of_video[1], "label": of_action[2]}
    return torch.stack(list(parts.values())).sum(), {name: part.detach() for name, part in parts.items()}


def _each(times: int, *parts: Tensor) -> list[Tensor]:
    """Every row as many times."""
    return [part.repeat_interleave(times, 0) for part in parts]
