"""Time, memory and disk of every stage of a study of paper size, and how they grow with draws.

9 models x 5 datasets x 500 problems, from response files to the report, run by the real Snakemake
at several numbers of draws (`_synthetic_study.py` makes the responses; they are not counted).
Every job's log ends with its CPU seconds and peak memory. A slope is the exponent b of cost ~
draws^b between two sizes: 1 is linear. Baseline: linear growth. Exits 1 where a stage grows faster
than linearly (slope over 1.1, for stages of at least 20 CPU seconds) or needs over 4 GB.

    python benchmarks/scale.py [--draws 64 128 256] [--problems 500] [--folder F] [--to FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from _synthetic_study import REPO, grid_of, write_config, write_responses

STEEP, SMALL_SECONDS, MEMORY_MB = 1.1, 20.0, 4096.0
USAGE = re.compile(
    r"took ([\d.]+) s, ([\d.]+) s of CPU .* peak memory (\d+) MB, of its largest child (\d+) MB"
)
# Folder of results -> stage in the folder of logs.
DISK = {
    "responses": "responses",
    "annotations": "annotate",
    "outcomes": "outcomes",
    "evaluations": "evaluate",
    "tables": "analyse",
    "figures": "draw",
}


def stages(logs: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(stage, job, the four figures of its last line) of every log of a finished job."""
    for path in sorted(logs.rglob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        found = USAGE.search(lines[-1]) if lines else None
        if found:
            job = path.relative_to(logs)
            yield job.parts[0], str(job.with_suffix("")), list(found.groups())


def watched(command: list[str], folder: Path) -> dict[str, float]:
    """Run ``command``; wall and CPU seconds, and the peak memory of its first process."""
    peak = 0.0
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "snakemake.log").open("w") as log:
        run = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)

        def watch() -> None:
            nonlocal peak
            while run.poll() is None:
                try:
                    peak = max(peak, psutil.Process(run.pid).memory_info().rss / 2**20)
                except psutil.Error:
                    return
                time.sleep(1)

        watcher = threading.Thread(target=watch)
        watcher.start()
        run.wait()
        watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        sys.exit((folder / "snakemake.log").read_text(encoding="utf-8")[-5000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.monotonic() - start, "cpu": cpu, "megabytes": peak}


def size_of(folder: Path) -> tuple[float, int]:
    """Megabytes and number of files below ``folder``."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6, len(files)


def _set_up(folder: Path, draws: int, problems: int) -> None:
    """A copy of this workflow, the study's configuration, and its responses."""
    checkout = folder / "checkout"
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir(parents=True)
    for part in ("Snakefile", "config", "envs", "profiles", "reports", "workflow"):
        copy = shutil.copytree if (REPO / part).is_dir() else shutil.copy2
        copy(REPO / part, checkout / part)
    config = write_config(folder / "study", draws, problems)
    start = time.monotonic()
    os.chdir(checkout)
    write_responses(grid_of(config), checkout, problems)
    print(f"{draws} draws: responses written in {time.monotonic() - start:.0f} s", flush=True)


def measure(folder: Path, draws: int, problems: int) -> dict:
    """One study in ``folder``: jobs, CPU seconds, memory, megabytes and files by stage.

    Where an earlier run was killed there, it goes on with the code of that run: stages are whole,
    since each job's log has its own figures, and only Snakemake's own are those of the last part.
    """
    checkout, begun = folder / "checkout", folder / "responses-written"
    config = folder / "study" / "scale.yaml"
    command = [sys.executable, "-m", "snakemake", "--configfile", str(config)]
    if begun.exists():
        os.chdir(checkout)
        subprocess.run([*command, "--unlock", "--quiet"], cwd=checkout, check=True)
        print(f"{draws} draws: going on where a run ended", flush=True)
    else:
        _set_up(folder, draws, problems)
        begun.touch()
    whole = watched([*command, "--cores", "2", "--rerun-incomplete", "--", "all"], checkout)
    again = watched([*command, "--cores", "2", "--", "all"], checkout)
    found: dict[str, dict[str, float]] = {}
    heaviest: dict[str, str] = {}
    for stage, job, (_, cpu, own, child) in stages(checkout / "logs"):
        entry = found.setdefault(stage, {"jobs": 0, "cpu": 0.0, "megabytes": 0.0})
        entry["jobs"] += 1
        entry["cpu"] += float(cpu)
        memory = float(own) + float(child)  # at most: their peaks need not fall together
        if memory > entry["megabytes"]:
            entry["megabytes"], heaviest[stage] = memory, job
    results = checkout / "results"
    for kind, stage in DISK.items():
        home = results if kind in ("responses", "annotations") else results / "scale"
        megabytes, files = size_of(home / kind)
        found.setdefault(stage, {"jobs": 0, "cpu": 0.0, "megabytes": 0.0}).update(
            disk=megabytes, files=files
        )
    found["snakemake"] = {"jobs": 1, "cpu": whole["cpu"] - sum(e["cpu"] for e in found.values()),
                          "megabytes": whole["megabytes"]}  # fmt: skip
    found["second run, nothing to do"] = {"jobs": 1, "cpu": again["cpu"],
                                          "megabytes": again["megabytes"]}  # fmt: skip
    page = results / "scale" / "report.html"
    return {
        "draws": draws,
        "responses": 45 * problems * draws,
        "wall": whole["wall"],
        "cpu": whole["cpu"],
        "page_megabytes": page.stat().st_size / 1e6,
        "stages": found,
        "heaviest": heaviest,
    }


def slope(small: float, large: float, factor: float) -> float:
    """Exponent of growth between two sizes ``factor`` apart; 0 where nothing was measured."""
    return math.log(large / small) / math.log(factor) if small > 0 < large else 0.0


def table(runs: list[dict]) -> str:
    """Markdown: a row per stage of the largest run, slopes from the one before."""
    last, before = runs[-1], runs[-2] if len(runs) > 1 else None
    factor = last["draws"] / before["draws"] if before else 1.0
    lines = [
        f"| stage | jobs | CPU s at {last['draws']} draws | slope | peak MB | slope | disk MB "
        "| slope | files |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for stage, entry in last["stages"].items():
        cells = [stage, str(entry["jobs"])]
        for key, digits in (("cpu", 0), ("megabytes", 0), ("disk", 0)):
            cells.append(f"{entry[key]:,.{digits}f}" if key in entry else "")
            small = before["stages"].get(stage, {}).get(key, 0.0) if before else 0.0
            cells.append(f"{slope(small, entry.get(key, 0.0), factor):.2f}" if small else "")
        cells.append(f"{entry['files']:,}" if "files" in entry else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """All sizes, smallest first; the table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="kept after the run; 2.2 GB at 256 draws")
    parser.add_argument("--to", type=Path, help="file for the measurements as JSON")
    asked = parser.parse_args()
    folder = (asked.folder or Path(tempfile.mkdtemp(prefix="scale-"))).resolve()
    runs = []
    for draws in sorted(asked.draws):
        runs.append(measure(folder / f"draws-{draws}", draws, asked.problems))
        print(table(runs), flush=True)
        print(f"heaviest jobs: {runs[-1]['heaviest']}", flush=True)
        if asked.to:
            asked.to.write_text(json.dumps(runs, indent=1), encoding="utf-8")
        if asked.folder is None:
            shutil.rmtree(folder / f"draws-{draws}")
    steep, heavy = [], []
    for stage, entry in runs[-1]["stages"].items():
        if entry["megabytes"] > MEMORY_MB:
            heavy.append(stage)
        if len(runs) > 1 and entry["cpu"] >= SMALL_SECONDS:
            small = runs[-2]["stages"].get(stage, {}).get("cpu", 0.0)
            if slope(small, entry["cpu"], runs[-1]["draws"] / runs[-2]["draws"]) > STEEP:
                steep.append(stage)
    print(f"over {MEMORY_MB:.0f} MB: {heavy or 'none'}; faster than linear: {steep or 'none'}")
    linear = runs[0]["cpu"] * runs[-1]["draws"] / runs[0]["draws"]
    print(
        json.dumps(
            {
                "name": f"responses to report, {runs[-1]['responses']:,} responses",
                "unit": "CPU seconds",
                "ours": round(runs[-1]["cpu"], 1),
                "baseline": round(linear, 1),
                "ratio": round(runs[-1]["cpu"] / linear, 3),
                "higher_is_better": False,
            }
        )
    )
    return int(bool(steep or heavy))


if __name__ == "__main__":
    sys.exit(main())
