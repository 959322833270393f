"""The baseline that changes are held against: python -m eval.baseline [--article FILE].

Runs both sets and keeps figures and grades alone, no text, in eval/sets/baseline.json. Written anew
when a change moves figures on purpose; LOG.md says why.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.ingesting import samples_folder
from eval.questions import SETS
from eval.run import load_task, run

BASELINE = SETS / "baseline.json"
GATES = (
    "exact_quotes >= 1",
    "fabricated_quotes <= 0",
    "misattributed_quotes <= 0",
    "right_labels >= 1",
    *(
        f"{name} within baseline"
        for name in (
            "evidence_recall",
            "evidence_precision",
            "facts_present",
            "refusal_recall",
            "false_refusals",
        )
    ),
)
"""What every change must keep: quotes exact, and no figure beyond its 95 % interval."""


def kept(rows: Sequence[Mapping], summary: Mapping) -> dict:
    """What the baseline keeps of a run: ids, grades and figures without timings."""
    figures = {part: summary["figures"][part] for part in ("all", "tuning", "reporting")}
    figures = {
        part: {k: v for k, v in values.items() if k != "latency_ms"} for part, values in figures.items()
    }
    return {
        "answers": [{"id": row["id"], "grades": {"correct": row["grades"]["correct"]}} for row in rows],
        "summary": {"figures": figures},
    }


def main() -> None:
    """Run both sets and write the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--article", type=Path, default=Path("../shared/article/security-cooperation.txt"))
    options = parser.parse_args()
    sources = {"samples": samples_folder(), "article": options.article}
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: kept(*run(load_task(SETS / f"{name}.jsonl", [source]), Path(folder) / name))
            for name, source in sources.items()
        }
    BASELINE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
