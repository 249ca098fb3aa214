"""Policies that LeRobot trained (ACT, diffusion policy, SmolVLA ...) on our demonstrations or recordings.

LeRobot is installed by whoever wants them, usually in an environment of its own, and served from there: docs/server.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.errors import CheckpointError, InvalidInputError, PolicyFault
from wam_demo.policies.registry import LoadContext, PolicySpec
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, STATE_DIM, ActionChunk, Observation, Policy, Prediction

STATE, TASK, IMAGES = "observation.state", "task", "observation.images."


class LeRobotPolicy(Policy):
    """A ``pretrained_model`` folder of LeRobot; it plans what it would do if nothing changed.

    LeRobot's policies keep a queue of actions. Here each plan starts with an empty one, and a policy that looks at
    several moments sees the present several times: a `Policy` keeps no state.

    Args:
        checkpoint: The folder, with ``config.json``, the weights and the processors.

    Raises:
        CheckpointError: It cannot be read.
        InvalidInputError: LeRobot is not installed, or the policy reads or gives something else than ours.
    """

    def __init__(self, checkpoint: Path) -> None:
        require_lerobot()
        from lerobot.configs.policies import PreTrainedConfig
        from lerobot.policies.factory import get_policy_class, make_pre_post_processors

        try:
            config: Any = PreTrainedConfig.from_pretrained(checkpoint)
            self._policy = get_policy_class(config.type).from_pretrained(checkpoint)
            self._before, self._after = make_pre_post_processors(config, pretrained_path=str(checkpoint))
        except Exception as error:  # of any of LeRobot's many libraries
            raise CheckpointError(f"LeRobot cannot read {checkpoint}: {str(error).splitlines()[0][:200]}") from None
        self.kind = config.type
        self._inputs = {name: tuple(feature.shape) for name, feature in config.input_features.items()}
        self._steps = min(CHUNK_STEPS, getattr(config, "n_action_steps", CHUNK_STEPS))
        _require_ours(self._inputs, {name: tuple(feature.shape) for name, feature in config.output_features.items()})

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """See `Policy`; one observation after the other."""
        return [self._plan(observation, seed) for observation, seed in zip(observations, seeds, strict=True)]

    def _plan(self, observation: Observation, seed: int) -> Prediction:
        import torch

        began = time.perf_counter()
        torch.manual_seed(seed % 2**63)
        item = {name: torch.tensor(value) for name, value in self._item(observation)}  # a copy: ours are read-only
        item = self._before({**item, TASK: observation.instruction})
        self._policy.reset()
        with torch.inference_mode():
            steps = [self._after(self._policy.select_action(item)) for _ in range(self._steps)]
        actions = torch.stack(steps)[:, 0].float().cpu().numpy()
        if not np.isfinite(actions).all():
            raise PolicyFault(f"{self.kind} planned values that are not finite")
        hold = np.zeros((CHUNK_STEPS - len(actions), ACTION_DIM), np.float32)
        hold[:, -1] = actions[-1, -1]
        actions = np.concatenate([actions, hold])
        actions[:, -1] = actions[:, -1].clip(0, 1)
        return Prediction(ActionChunk(actions), timing_ms={"policy_call": 1e3 * (time.perf_counter() - began)})

    def _item(self, observation: Observation) -> list[tuple[str, Any]]:
        """What LeRobot's own dataset would hand out for this moment, by feature."""
        import cv2

        values: list[tuple[str, Any]] = []
        for name, shape in self._inputs.items():
            if name == STATE:
                values.append((name, np.asarray(observation.state, np.float32)))
                continue
            image = observation.images.get(name.removeprefix(IMAGES))
            if image is None:
                raise InvalidInputError(f"the observation has no {name.removeprefix(IMAGES)!r} image")
            height, width = shape[1:]
            if image.shape[:2] != (height, width):
                image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            values.append((name, np.ascontiguousarray(image.transpose(2, 0, 1), np.float32) / 255))
        return values


def require_lerobot() -> None:
    """Raise `InvalidInputError` where LeRobot is not installed."""
    if find_spec("lerobot") is None:
        raise InvalidInputError("LeRobot is not installed in this environment: pip install lerobot")


def _require_ours(inputs: dict[str, tuple[int, ...]], outputs: dict[str, tuple[int, ...]]) -> None:
    if outputs.get("action") != (ACTION_DIM,):
        raise InvalidInputError(f"it gives actions of shape {outputs.get('action')}; ours have {ACTION_DIM} numbers")
    for name, shape in inputs.items():
        if name != STATE and not name.startswith(IMAGES):
            raise InvalidInputError(f"it reads {name!r}, which our observations do not hold")
        if name == STATE and shape != (STATE_DIM,):
            raise InvalidInputError(f"it reads a state of shape {shape}; ours has {STATE_DIM} numbers")


def _given(checkpoint: Path | None) -> Path:
    require_lerobot()
    if checkpoint is None:
        raise InvalidInputError("the policy 'lerobot' needs --checkpoint, a pretrained_model folder of LeRobot")
    return checkpoint


def _require(checkpoint: Path | None) -> None:
    if not (_given(checkpoint) / "config.json").is_file():
        raise CheckpointError(f"no policy of LeRobot at {checkpoint}: config.json is missing")


def _digest(checkpoint: Path | None) -> str:
    from wam_demo.models.checkpoint import sha256_of

    return sha256_of(_given(checkpoint))


def _load(context: LoadContext) -> Policy:
    return LeRobotPolicy(_given(context.checkpoint))


LEROBOT = PolicySpec(
    name="lerobot",
    label="LeRobot policy",
    sentence="A policy that LeRobot trained on our demonstrations.",
    load=_load,
    digest=_digest,
    require=_require,
    is_available=lambda: False,  # it needs a checkpoint, which only the command line gives
    has_weights=True,
)
