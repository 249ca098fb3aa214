"""The ways in which a policy's network may be computed, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from wam_demo.errors import InvalidInputError, UnknownNameError

EAGER = "eager"
"""PyTorch, operation by operation: what recorded evaluations were played with."""
AUTO = "auto"
"""The fastest one on this machine, as measured when the policy was first loaded on it."""


@dataclass(frozen=True)
class Variant:
    """One way to compile a network with OpenVINO.

    Attributes:
        name: As on the command line and in results.
        precision: ``f32``, or ``bf16`` where the processor multiplies it natively.
        winograd: Convolutions with fewer multiplications (`wam_demo.models.winograd`); in float32 only.
    """

    name: str
    precision: str
    winograd: bool


VARIANTS = (
    Variant("openvino-f32", "f32", False),
    Variant("openvino-f32-winograd", "f32", True),
    Variant("openvino-bf16", "bf16", False),
)
COMPUTE = (EAGER, AUTO, *(variant.name for variant in VARIANTS))
"""What may be asked for."""


def has_openvino() -> bool:
    """Whether the package is installed; nothing is imported."""
    return find_spec("openvino") is not None


def variant_named(name: str) -> Variant:
    """A way to compile, for this machine to use.

    Raises:
        UnknownNameError: No such way.
        InvalidInputError: The package is not installed.
    """
    for variant in VARIANTS:
        if variant.name == name:
            if not has_openvino():
                raise InvalidInputError(f"{name} needs the package openvino: pip install 'wam-demo[fast]'")
            return variant
    raise UnknownNameError("way to compute", name, COMPUTE)


def candidates(capabilities: Sequence[str]) -> list[Variant]:
    """What is worth a measurement on a processor: bfloat16 where it is native, else both ways in float32.

    Args:
        capabilities: OpenVINO's names of what the processor multiplies natively.
    """
    native = "BF16" in capabilities
    return [variant for variant in VARIANTS if (variant.precision == "bf16") == native]
