"""Flow matching: noising, targets, losses and the Euler sampler (z_tau = (1 - tau) z + tau eps)."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor

LEAST_TAU = 0.05
"""Division by smaller flow times would let the nearly clean samples rule the loss."""


def interpolate(clean: Tensor, noise: Tensor, tau: Tensor) -> Tensor:
    """z_tau = (1 - tau) z + tau eps.

    Args:
        clean: (B, ...).
        noise: (B, ...), standard normal.
        tau: (B,) in 0..1; 0 is clean, 1 is pure noise.
    """
    tau = tau.view(-1, *[1] * (clean.ndim - 1))
    return torch.lerp(clean, noise, tau.to(clean.dtype))


def velocity(clean: Tensor, noise: Tensor) -> Tensor:
    """The regression target d z_tau / d tau = eps - z."""
    return noise - clean


def velocity_to(clean: Tensor, state: Tensor, tau: Tensor) -> Tensor:
    """Velocity at ``state`` = z_tau if ``clean`` is where it came from: (z_tau - z) / tau, float32.

    Args:
        clean: (B, ...) predicted z.
        state: (B, ...) z_tau.
        tau: (B,) in 0..1; taken as at least `LEAST_TAU`.
    """
    tau = tau.float().clamp_min(LEAST_TAU).view(-1, *[1] * (clean.ndim - 1))
    return (state.float() - clean.float()) / tau


def sample_tau(count: int, generator: torch.Generator | None = None, *, shift: float = 1.0) -> Tensor:
    """Logit-normal flow times (arXiv 2403.03206), moved towards noise for ``shift`` > 1.

    Returns:
        (count,) in 0..1.
    """
    tau = torch.sigmoid(torch.randn(count, generator=generator))
    return shift * tau / (1 + (shift - 1) * tau)


def euler_stages(
    predict: Callable[[Tensor, Tensor], Tensor], noise: Tensor, steps: int, *, shift: float = 1.0
) -> Iterator[Tensor]:
    """Integrate from noise to data with the schedule of diffusers, one Euler step at a time.

    Args:
        predict: Maps (z_tau, tau (B,)) to the velocity at z_tau.
        noise: (B, ...) standard normal start.
        steps: Euler steps.
        shift: As in `sample_tau`: how much of the schedule is spent near pure noise.

    Yields:
        The state after each step, shaped as ``noise``; the last one is the sample.
    """
    sigmas, sample = _sigmas(steps, shift), noise
    for now, then in pairwise(sigmas):
        with torch.no_grad():
            speed = predict(sample, now.expand(len(sample)).to(sample.device))
            sample = (sample.float() + (then - now) * speed).to(speed.dtype)
        yield sample


def euler(predict: Callable[[Tensor, Tensor], Tensor], noise: Tensor, steps: int, *, shift: float = 1.0) -> Tensor:
    """The sample at the end of `euler_stages`, shaped as ``noise``."""
    for sample in euler_stages(predict, noise, steps, shift=shift):
        noise = sample
    return noise


def euler_times(steps: int, *, shift: float = 1.0) -> Tensor:
    """(steps,) flow times at which `euler_stages` asks for the velocity, from 1 down."""
    return _sigmas(steps, shift)[:-1].clone()


@lru_cache(maxsize=16)
def _sigmas(steps: int, shift: float) -> Tensor:
    """(steps + 1,) flow times, 0 at the end; kept, since making a scheduler takes as long as a layer."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    with torch.inference_mode(False):  # kept beyond the call, and training may be next
        scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
        scheduler.set_timesteps(sigmas=torch.linspace(1, 1 / steps, steps).tolist())
        return scheduler.sigmas
