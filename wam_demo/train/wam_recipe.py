"""What defines a training run of a WAM, of AGRA or of an arm of their comparison."""

from dataclasses import dataclass, field

from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.train.loop import LoopConfig
from wam_demo.train.losses import Arm


@dataclass(frozen=True)
class WamRecipe:
    """Everything that defines a run.

    Attributes:
        backbone: Video transformer.
        head: Action transformer.
        loop: Steps, rates, EMA.
        batch: Observations per step on the action-conditioning pass.
        draws: Noise draws per observation (the action head is cheap, the video features are shared).
        video_batch: Samples per step on the video pass.
        video_every: Steps between video batches.
        video_horizons: Future frames of a video sample, drawn anew for each batch; fewer are cheaper.
        motion_known: Share of video samples that are conditioned on how the arm will move.
        approach_weight: How much more often than others a frame before the first grasp is drawn for
            the action batch. There the instruction decides; later the held object decides.
        recorded_batch: Recordings per step that are aligned, where there are recordings and a teacher.
        recorded_video: Share of recordings among the video samples.
        arm: What is aligned how.
        compile: Compile the transformer blocks with torch.compile (minutes at the start, then faster steps).
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    head: ActionHeadConfig = field(default_factory=ActionHeadConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=20_000, lr=1.5e-3, muon=True))
    batch: int = 32
    draws: int = 4
    video_batch: int = 6
    video_every: int = 1
    video_horizons: int = 2
    motion_known: float = 0.8
    approach_weight: int = 3
    recorded_batch: int = 16
    recorded_video: float = 1 / 3
    arm: Arm = field(default_factory=Arm)
    compile: bool = True
