"""Networks run by OpenVINO on this machine's cores: in bfloat16 where the processor computes in that, else in
single precision."""

import sys
from collections.abc import Sequence
from threading import local

import numpy as np

from index.cores import cores

# `import openvino` would import its converter, too, and that reports itself to its makers. Not from here.
sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
from openvino import Core, Model, Node  # noqa: E402
from openvino import opset13 as op  # noqa: E402

__all__ = ["Model", "Network", "Node", "op"]


class Network:
    """A compiled network; safe from several threads.

    streams: how many calls are worked on side by side, the cores divided among them.
    """

    def __init__(self, model: Model, streams: int) -> None:
        settings = {
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(cores()),
            "ENABLE_CPU_PINNING": "NO",  # Other processes work on these cores, too.
        }
        self._compiled = Core().compile_model(model, "CPU", settings)
        self._own = local()

    def run(self, *inputs: np.ndarray) -> Sequence[np.ndarray]:
        """The outputs for the inputs, each in the network's order."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        request = self._own.request
        request.infer(list(inputs), share_inputs=True)
        return [output.data.copy() for output in request.output_tensors]
