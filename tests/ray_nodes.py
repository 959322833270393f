"""A real Ray cluster of two nodes on this machine, for the tests that need one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOKEN = "the tests' own cluster, which nobody else may use"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with a core each; only loopback, and nothing told to anybody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # or Ray asks the network for its own address
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", TOKEN.encode().hex())
        from ray.cluster_utils import Cluster

        alone = {"node_ip_address": "127.0.0.1", "num_cpus": 1}
        cluster = Cluster(initialize_head=True, head_node_args=alone | {"include_dashboard": False})
        cluster.add_node(**alone)
        yield cluster
        cluster.shutdown()


def workers_of(*nodes: Any) -> list[int]:
    """Process ids of the workers that read and embed on nodes."""
    raylets = {node.all_processes["raylet"][0].process.pid for node in nodes}
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words, name = stat.read_text().rsplit(")", 1)[1].split(), (stat.parent / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if int(words[1]) in raylets and name.startswith(b"ray::Preparer"):
            found.append(int(stat.parent.name))
    return found
