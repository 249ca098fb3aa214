"""What HarmoWAM adds to a world action model: motion prior, reactive expert, gate, in a folder beside its weights.

The predictive expert is the action head of the world action model itself: a flow-matching transformer on the features
of the present, which is what the paper trains.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from torch import nn

from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint
from wam_demo.models.harmo.gate import Gate
from wam_demo.models.harmo.motion import MotionPrior, MotionPriorConfig
from wam_demo.models.harmo.reactive import ReactiveConfig, ReactiveExpert
from wam_demo.models.wam.backbone import BackboneConfig

FOLDER = "experts"
"""Where they lie beside the weights of the world action model that they read."""


@dataclass(frozen=True)
class ExpertsConfig:
    """What rebuilds motion prior, reactive expert and gate.

    Attributes:
        backbone: Of the world action model.
        reactive: Sizes of the reactive expert.
        motion: Sizes of the motion prior.
        gate_hidden: Width of the gate.
        wam_sha256: Weights of the world action model.
        steps: Euler steps of the imagination that the reactive expert reads.
        trained: Free-form provenance.
    """

    backbone: BackboneConfig
    reactive: ReactiveConfig = field(default_factory=ReactiveConfig)
    motion: MotionPriorConfig = field(default_factory=MotionPriorConfig)
    gate_hidden: int = 128
    wam_sha256: str = ""
    steps: int = 1
    trained: dict[str, object] = field(default_factory=dict)


class Experts(nn.Module):
    """Motion prior, reactive expert and gate."""

    def __init__(self, config: ExpertsConfig) -> None:
        super().__init__()
        self.config = config
        video = config.backbone
        self.motion = MotionPrior(
            config.motion,
            cameras=video.cameras,
            grid=video.grid,
            video_dim=video.dim,
            horizons=video.horizons,
            text_dim=video.text_dim,
            state_dim=video.state_dim,
        )
        self.reactive = ReactiveExpert(
            config.reactive, cameras=video.cameras, horizons=video.horizons, channels=video.latent_channels
        )
        self.gate = Gate(cameras=video.cameras, grid=video.grid, dim=video.dim, hidden=config.gate_hidden)

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "experts", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "experts")
        values.pop("kind")
        values["backbone"] = BackboneConfig(**values["backbone"])
        values["reactive"] = ReactiveConfig(**values["reactive"])
        values["motion"] = MotionPriorConfig(**values["motion"])
        experts = cls(ExpertsConfig(**values))
        load_weights(experts, directory)
        return experts.eval().requires_grad_(False)
