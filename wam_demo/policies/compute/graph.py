"""One exported network: compiled by OpenVINO, called with tensors."""

from __future__ import annotations

import io
import warnings
from functools import lru_cache
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn


@lru_cache(maxsize=1)
def core() -> Any:
    """The process-wide OpenVINO runtime."""
    import openvino

    return openvino.Core()


def capabilities() -> list[str]:
    """What the processor multiplies natively, in OpenVINO's words."""
    return list(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def settings(precision: str) -> dict[str, Any]:
    """How a graph is compiled: as many threads as torch has here, none of them tied to a core that others use."""
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }


class CompiledGraph:
    """A module for inputs of fixed shapes. Whoever calls it gets its results row by row of the example, so that what
    is computed for one observation never depends on the others.

    Args:
        compiled: OpenVINO's.
    """

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._rows = [port.shape[0] for port in compiled.inputs]
        self._lock = Lock()

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Outputs for any multiple of the rows that were compiled.

        Args:
            inputs: In the module's order, each with the observations first.
        """
        chunks = [part.contiguous().split(rows) for part, rows in zip(inputs, self._rows, strict=True)]
        parts = [self._infer(row) for row in zip(*chunks, strict=True)]
        return tuple(torch.cat(outputs) for outputs in zip(*parts, strict=True))

    def _infer(self, inputs: tuple[Tensor, ...]) -> list[Tensor]:
        with self._lock:
            results = self._request.infer([part.numpy() for part in inputs], share_inputs=True)
            return [torch.from_numpy(results[index]) for index in range(len(results))]

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads, on the same processor with the same package."""
        stream = io.BytesIO()
        self._compiled.export_model(stream)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, precision: str) -> CompiledGraph:
        """Read what `to_bytes` wrote; raises `RuntimeError` when it is another machine's."""
        return cls(core().import_model(content, "CPU", settings(precision)))


@torch.inference_mode()
def compile_graph(module: nn.Module, example: tuple[Tensor, ...], precision: str) -> CompiledGraph:
    """Trace, convert and compile a module.

    Args:
        module: Its weights become part of the graph.
        example: Inputs; their shapes are the only ones it takes.
        precision: ``f32`` or ``bf16``.
    """
    module.eval()(*example)  # what it computes once and keeps is a constant of the graph
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # shapes are fixed here
        traced = torch.jit.trace(module, example, check_trace=False)
    return CompiledGraph(core().compile_model(_converted(traced, example), "CPU", settings(precision)))


def _converted(traced: Any, example: tuple[Tensor, ...]) -> Any:
    """OpenVINO's form of a traced module, for inputs like the example.

    By the front end itself: `openvino.convert_model` would report its use over the network, in forked processes.
    """
    from openvino import PartialShape, Type
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    front = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, example_input=example)  # has to live until the end of the conversion
    converted = front.convert(front.load(decoder))
    for port, part in zip(converted.inputs, example, strict=True):
        port.get_node().set_partial_shape(PartialShape(list(part.shape)))
        port.get_node().set_element_type(Type(part.numpy().dtype))
    converted.validate_nodes_and_infer_types()
    return converted
