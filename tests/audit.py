"""Known vulnerabilities of the pinned packages: `python -m tests.audit`, a command and no test.

pip-audit asks the package registry. Many a mirror does not offer that; then there is nothing to fail for, and
this says that nothing was looked at.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements.lock"
SECONDS = 600


def main() -> int:
    """1 where a package is known to be vulnerable, else 0."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps", "--disable-pip"]
    try:
        run = subprocess.run(
            [*command, "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print("audit: the package registry did not answer in time; nothing was audited", file=sys.stderr)
        return 0
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except ValueError:
        last = (run.stderr.strip().splitlines() or ["no reason"])[-1]
        print(
            f"audit: the package registry could not be asked; nothing was audited ({last})", file=sys.stderr
        )
        return 0
    return report(packages)


def report(packages: list[dict]) -> int:
    """Say what pip-audit found, package by package; the exit status."""
    looked_at = [p for p in packages if "vulns" in p]
    found = [(p, v) for p in looked_at for v in p["vulns"]]
    for package, hole in found:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"audit: {package['name']} {package['version']}: {hole['id']}, mended in {mended}")
    unknown = len(packages) - len(looked_at)
    if unknown:
        print(
            f"audit: the package registry tells nothing about {unknown} of {len(packages)} packages; "
            f"{len(looked_at)} were audited",
            file=sys.stderr,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
