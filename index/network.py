"""Networks as onnxruntime runs them here."""

from collections.abc import Mapping

import numpy as np
import onnxruntime


def load_network(
    graph: bytes, values: Mapping[str, np.ndarray] | None = None
) -> onnxruntime.InferenceSession:
    """A graph that is ready to run, on one thread: texts go through side by side, a core each. values: its
    parameters, where they are not in it; they need not be kept."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Threads spin while idle otherwise, and torch's wait for them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if values:
        held = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in values.values()]
        options.add_external_initializers(list(values), held)
    return onnxruntime.InferenceSession(
        graph,
        options,
        providers=["CPUExecutionProvider"],
        # A sum and its LayerNormalization in one take six times as long as the two by themselves (LOG.md).
        disabled_optimizers=["SkipLayerNormFusion"],
    )
