"""The checks that an instruction, an observation and every prediction pass before anything executes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.panels import check_panels
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, STATE_DIM, Observation, Policy, Prediction


def validate_instruction(text: str) -> str:
    """Return the instruction without surrounding blanks.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    from wam_demo.models.text import check_instruction  # loads torch, which the command line avoids

    return check_instruction(text)


def predict(policy: Policy, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
    """Call ``policy.predict`` with one noise seed per observation.

    Raises:
        PolicyFault: What it returned is not one prediction per observation.
    """
    predictions = policy.predict(observations, list(seeds))
    if not isinstance(predictions, list) or not all(isinstance(answer, Prediction) for answer in predictions):
        raise PolicyFault("the policy did not answer with a list of predictions")
    if len(predictions) != len(observations):
        raise PolicyFault(f"{len(predictions)} predictions for {len(observations)} observations")
    return predictions


def check_observation(observation: Observation) -> None:
    """Refuse an observation that no policy can answer.

    Raises:
        InvalidInputError: The state is not 17 finite numbers.
    """
    state = np.asarray(observation.state)
    if state.shape != (STATE_DIM,):
        raise InvalidInputError(f"the state has shape {state.shape}, expected ({STATE_DIM},)")
    if not np.isfinite(state).all():
        raise InvalidInputError("the state holds values that are not finite")


def check_prediction(prediction: Prediction) -> Prediction:
    """Return the prediction if its plan may be executed and its panels may be shown.

    Raises:
        PolicyFault: The plan is not (16, 7) finite numbers, or a panel is not usable.
    """
    actions = np.asarray(prediction.chunk.actions)
    if actions.shape != (CHUNK_STEPS, ACTION_DIM):
        raise PolicyFault(f"the plan has shape {actions.shape}, expected {(CHUNK_STEPS, ACTION_DIM)}")
    if not np.isfinite(actions).all():
        raise PolicyFault("the plan holds values that are not finite")
    try:
        check_panels(prediction.panels)
    except InvalidInputError as error:
        raise PolicyFault(str(error)) from error
    return prediction
