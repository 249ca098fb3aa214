"""Policies and what runs them: the batched inference engine and receding-horizon execution."""

from wam_demo.policies.action_images.family import ACTION_IMAGES
from wam_demo.policies.harmo.family import FAMILY as HARMO_FAMILY
from wam_demo.policies.lerobot import LEROBOT
from wam_demo.policies.registry import register
from wam_demo.policies.remote.family import REMOTE
from wam_demo.policies.scripted import EXPERT, HOLD
from wam_demo.policies.tuned import register_tuned
from wam_demo.policies.wam.family import AGRA, AGRA_WIDE, WAM, WAM_WIDE

_WORLD_ACTION_MODELS = (AGRA_WIDE, AGRA, WAM, WAM_WIDE, *HARMO_FAMILY, ACTION_IMAGES)
for _spec in (*_WORLD_ACTION_MODELS, REMOTE, LEROBOT, EXPERT, HOLD):  # in the order shown
    register(_spec)
register_tuned()
