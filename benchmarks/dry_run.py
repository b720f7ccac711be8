"""CPU seconds of a dry-run of the full study (config/paper.yaml), and its number of jobs.

The bar is 25 CPU seconds and 5,000 jobs: whoever plans a study runs this many times a day.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SECONDS, JOBS, RUNS = 25.0, 5000, 3


def dry_run(results: str) -> tuple[float, int]:
    """CPU seconds and jobs of one dry-run of a study of which nothing exists yet."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1"]
    run = subprocess.run(
        [
            *command,
            *("--configfile", "config/paper.yaml"),
            *("--config", f"results={results}/results", f"journal={results}/journal"),
        ],
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)
    found = re.search(r"^total +(\d+)$", run.stdout + run.stderr, re.MULTILINE)
    if found is None:
        sys.exit("no job table in the output of Snakemake:\n" + run.stdout + run.stderr)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(found[1])


def main() -> int:
    """Best of a few runs: everything else on the machine can only add to it."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [dry_run(folder) for _ in range(RUNS)]
    seconds, jobs = min(runs)
    print(f"{jobs} jobs (at most {JOBS}); CPU seconds: {', '.join(f'{s:.1f}' for s, _ in runs)}")
    print(
        json.dumps(
            {
                "name": f"dry-run of the full study, {jobs} jobs",
                "unit": "CPU seconds",
                "ours": round(seconds, 2),
                "baseline": SECONDS,
                "ratio": round(seconds / SECONDS, 3),
                "higher_is_better": False,
            }
        )
    )
    return int(seconds > SECONDS or jobs > JOBS)


if __name__ == "__main__":
    sys.exit(main())
