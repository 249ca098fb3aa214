"""Flow matching: end points, and a sampler that follows an exact velocity field."""

import torch

from wam_demo.models.flow import euler, interpolate, sample_tau, velocity


def test_interpolation_has_the_right_ends():
    clean, noise = torch.randn(3, 4, 5), torch.randn(3, 4, 5)
    torch.testing.assert_close(interpolate(clean, noise, torch.zeros(3)), clean)
    torch.testing.assert_close(interpolate(clean, noise, torch.ones(3)), noise)


def test_velocity_is_the_derivative():
    clean, noise = torch.randn(3, 4).double(), torch.randn(3, 4).double()
    step = 0.25  # the path is linear in tau, so a wide step is exact
    low, high = (interpolate(clean, noise, torch.full((3,), tau)) for tau in (0.5 - step, 0.5 + step))
    torch.testing.assert_close((high - low) / (2 * step), velocity(clean, noise), atol=1e-5, rtol=1e-5)


def test_euler_recovers_a_point_mass_in_any_number_of_steps():
    target = torch.randn(2, 6)

    def predict(noisy, tau):
        return (noisy - target) / tau[:, None]  # exact for a single data point

    for steps in (1, 4, 9):
        torch.testing.assert_close(euler(predict, torch.randn(2, 6), steps), target, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(euler(predict, torch.randn(2, 6), steps, shift=2.0), target, atol=1e-5, rtol=1e-4)


def test_shift_moves_times_towards_noise():
    generator = torch.Generator().manual_seed(0)
    plain = sample_tau(4000, generator)
    shifted = sample_tau(4000, generator, shift=3.0)
    assert plain.min() > 0
    assert shifted.max() < 1
    assert shifted.mean() > plain.mean() + 0.1
