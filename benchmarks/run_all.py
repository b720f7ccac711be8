"""Run the benchmarks and write their last lines, with the machine they ran on, to results.json.

    python benchmarks/run_all.py [--only NAME ...] [--scale] [--to FILE]

A benchmark that misses its bar is marked so, and the exit status is 1. `scale.py` takes hours
and runs only with --scale. A run of some benchmarks keeps the other entries.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
LONG = "scale"


def machine() -> dict[str, object]:
    """What the figures depend on: processor, memory, system, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next(
            (x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), model
        )
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def names() -> list[str]:
    """Every benchmark but the long one."""
    found = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    return [name for name in found if name not in (LONG, Path(__file__).stem)]


def run(name: str) -> dict[str, object]:
    """Run one benchmark, its output shown as it comes; its last line and what else was true."""
    load = os.getloadavg()[0]
    process = subprocess.Popen(
        [sys.executable, str(HERE / f"{name}.py")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
    )
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line if line.strip() else last
    status = process.wait()
    try:
        found = json.loads(last)
    except json.JSONDecodeError:
        found = {"name": name, "error": f"the last line is no JSON, exit status {status}"}
    return {
        **found,
        "meets_its_bar": status == 0,
        "load_before": round(load, 2),
        "date": datetime.date.today().isoformat(),
    }


def main() -> int:
    """Run what was asked for and write the file after each benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[*names(), LONG], metavar="NAME")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--to", type=Path, default=HERE / "results.json")
    asked = parser.parse_args()
    chosen = asked.only or [*names(), *([LONG] if asked.scale else [])]
    kept = json.loads(asked.to.read_text(encoding="utf-8")) if asked.to.exists() else {}
    entries = kept.get("benchmarks", {}) if kept.get("machine") == machine() else {}
    failed = []
    for name in chosen:
        print(f"== {name}", flush=True)
        entries[name] = run(name)
        if not entries[name]["meets_its_bar"]:
            failed.append(name)
        whole = {"machine": machine(), "benchmarks": dict(sorted(entries.items()))}
        asked.to.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print(f"written to {asked.to.name}; below their bar: {', '.join(failed) or 'none'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
