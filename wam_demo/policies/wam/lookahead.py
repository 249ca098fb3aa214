"""Looking ahead: several plans are sampled, what follows each is imagined, and the most promising one is acted on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.errors import CheckpointError, PolicyFault
from wam_demo.models.action_images.views import Views
from wam_demo.models.chunk import motion_of
from wam_demo.models.geometry import token_rays
from wam_demo.models.wam.imagination import ImaginationModel, motion_conditioning
from wam_demo.models.wam.model import BackboneFeatures
from wam_demo.policies.wam.judge import SuccessJudge, success_folder
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.sim.integrator import IntegratedArm
from wam_demo.types import ActionChunk, Chunks, Observation, Panel, Prediction, Scalars, Vector

PLANS, VALUES = "Plans considered", "Value of each plan"
"""Titles of its panels."""


class LookaheadPolicy(WamPolicy):
    """Acts on the best of several plans, by what its success head says of the imagined end of each (+1.6 s).

    The first candidate is the plan that the policy makes anyway, the mean of its draws; each other one is a single
    draw, because means hardly differ from each other. Imagining and judging cost a pass each, for one moment of every
    plan. Everything but `predict` is as in a `WamPolicy`.

    Args:
        checkpoint: Directory of the WAM, with ``imagination`` and ``success`` beside its weights.
        candidates: Plans to choose from, at least 2.
        tokenizer: As for `WamPolicy`.

    Raises:
        CheckpointError: A file is missing or corrupt, or belongs to other weights.
    """

    def __init__(self, checkpoint: Path, candidates: int, tokenizer: Path | None = None) -> None:
        super().__init__(checkpoint, tokenizer)
        if self.imagination is None:
            raise CheckpointError(f"{checkpoint} has no imagination model to look ahead with")
        self.imagines_with: ImaginationModel = self.imagination
        self.judge = SuccessJudge(self, success_folder(checkpoint))
        self.candidates = candidates

    @torch.inference_mode()
    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation.

        Args:
            observations: Any number; they are one batch.
            seeds: Noise seed of each.
        """
        began = time.perf_counter()
        observed = self.read(observations, self.candidates)
        plan = self.plan(observed, torch.cat([self._candidate_noise(seed) for seed in seeds]))
        planned = time.perf_counter()
        repeated = [observation for observation in observations for _ in range(self.candidates)]
        groups = zip(observations, plan.actions.split(self.candidates), strict=True)
        ends = [end for seen, plans in groups for end in _ends(seen, plans.numpy())]
        told = torch.tensor([seen.cameras is not None for seen in repeated])
        values = self._values(observed, told, plan.actions, torch.from_numpy(np.stack(ends)))
        ended = time.perf_counter()
        timing = {
            "plan": 1e3 * (planned - began),
            "look_ahead": 1e3 * (ended - planned),
            "policy_call": 1e3 * (ended - began),
        }
        predictions = []
        for group in torch.arange(len(repeated)).split(self.candidates):
            best = self._prediction(plan, int(group[values[group].argmax()]), timing)
            predictions.append(self._considered(best, plan.actions[group], values[group]))
        return predictions

    def _candidate_noise(self, seed: int) -> Tensor:
        """(candidates, draws, 16, 7): as always, then one draw each, as often as there are draws."""
        usual = self.noise([seed])
        generator = torch.Generator().manual_seed((int(seed) + 1) % 2**63)
        single = torch.randn(self.candidates - 1, 1, *usual.shape[2:], generator=generator)
        return torch.cat([usual, single.expand(-1, *usual.shape[1:])])

    def _values(self, observed: BackboneFeatures, told: Tensor, actions: Tensor, states: Tensor) -> Tensor:
        """(B,) how near fulfilment the imagined end of each plan is, see `SuccessHead`.

        Args:
            observed: Where the plans begin.
            told: (B,) bool, whether the policy was told where the cameras are.
            actions: (B, 16, 7).
            states: (B, 17) raw, after them.
        """
        model, last = self.model, self.model.config.backbone.horizons - 1
        calibration = self.imagines_with.config.calibration
        motion = model.normaliser.encode_motion(motion_of(actions))[:, last:]
        conditioning = motion_conditioning(model, self.coder, calibration, observed, motion, [last])
        latents = self.imagines_with.mean_frame(model, observed, conditioning, last)
        if not torch.isfinite(latents).all():
            raise PolicyFault("the policy imagined values that are not finite")
        poses = Views.calibrated(calibration, states).numbers * told[:, None, None]
        rays = token_rays(poses, states[:, :3], model.config.backbone.grid)
        imagined = model.read(latents, observed.text, states, rays)
        return torch.from_numpy(self.judge.judge_features(imagined).value)

    def _considered(self, prediction: Prediction, plans: Tensor, values: Tensor) -> Prediction:
        """A prediction that also says between what was chosen."""
        names = ["the usual plan", *(f"draw {number}" for number in range(1, self.candidates))]
        chunks = {name: ActionChunk(actions.numpy()) for name, actions in zip(names, plans, strict=True)}
        panels: dict[str, Panel] = {
            PLANS: Chunks(chunks),
            VALUES: Scalars(dict(zip(names, values.tolist(), strict=True))),
        }
        return replace(prediction, panels={**prediction.panels, **panels})


def _ends(observation: Observation, plans: NDArray[np.float32]) -> list[Vector]:
    """(17,) raw state after each of (K, 16, 7) plans, by the arm's kinematics alone."""
    arm, ends = IntegratedArm(observation.state), list[Vector]()
    start = arm.snapshot()
    for actions in plans:
        arm.restore(start)
        for action in actions:
            arm.apply(action)
        ends.append(arm.state)
    return ends
