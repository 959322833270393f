"""What a process has held of memory."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def most_memory_mb() -> float:
    """Megabytes that this process has held at most. Where there is no /proc, the system's own figure, which
    begins with what the process that started this one held."""
    if STATUS.exists():
        held = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
        return int(held["VmHWM"].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
