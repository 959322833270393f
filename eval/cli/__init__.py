"""`cited eval …`, and with it the whole program: the command line of app, and the evaluation above it.

Exit status 3 where a gate was not kept; else as in app.cli.
"""

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from app.cli import main as run_command_line
from app.cli.base import cited
from eval.bench.ending import ending_in_order
from eval.cli import bench, results, run
from eval.cli.base import GATE_FAILED, evaluation

if TYPE_CHECKING:
    from app.answer import Answerer
    from eval.for_page import PageEvaluations

__all__ = ["GATE_FAILED", "bench", "cited", "evaluation", "main", "results", "run"]


def main() -> None:
    """Run the whole command line. SIGTERM ends an evaluation as Ctrl-C does, so that nothing temporary
    stays behind; other commands have ways of their own."""
    with ending_in_order() if sys.argv[1:2] == [evaluation.name] else nullcontext():
        run_command_line(evaluations_of)


def evaluations_of(answerer: "Answerer") -> "PageEvaluations":
    """The evaluations that the page offers."""
    from eval.for_page import PageEvaluations

    return PageEvaluations(answerer)
