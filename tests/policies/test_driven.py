"""Any learned policy drives while the expert labels: its frames are where it got to, the labels are the expert's."""

import itertools

import numpy as np

from tests.policies.action_images.test_policy import checkpoints  # noqa: F401
from wam_demo.policies.driven import DrivenTask
from wam_demo.policies.registry import load_policy
from wam_demo.sim.labels import expert_chunk
from wam_demo.sim.world import World


def test_the_learner_drives_and_the_expert_labels(checkpoints):  # noqa: F811
    checkpoint = checkpoints / "action_images"
    demonstrate = DrivenTask("action_images", checkpoint)("reach")
    first, second = itertools.islice(demonstrate(3, noise=1.0, every=2), 2)
    again = World("reach")
    again.draw(3)
    np.testing.assert_array_equal(first.expert_chunk, expert_chunk(again))
    (plan,) = load_policy("action_images", checkpoint).predict(
        [first.observation], [3000 + round(10 * first.observation.time)]
    )
    for action in plan.chunk.actions[:2]:
        again.step(action)
    np.testing.assert_array_equal(second.observation.state, again.observe().state)
    again.close()
