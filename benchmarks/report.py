"""CPU seconds and peak memory of a whole report, figures included, from tables to HTML.

Two synthetic studies: the size of the paper's (9 models x 5 datasets x 30 strategies x 9 budgets),
bar 60 seconds and 2 GB, and that of the default study, bar 15 seconds. The page itself has to stay
under 5 MB. Each runs in a process of its own, so that memory is its own too.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SECONDS = {"PAPER": 60.0, "DEMO": 15.0}
MEGABYTES, PAGE_MEGABYTES = 2000, 5.0


def measure(size: str, folder: str) -> dict[str, float]:
    """CPU and wall seconds, peak memory and page size of one report; tables are made before."""
    sys.path.insert(0, str(REPO / "workflow" / "scripts"))
    path = REPO / "tests" / "unit" / "report" / "synthetic.py"
    spec = importlib.util.spec_from_file_location("synthetic", path)
    synthetic = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(synthetic)
    tables = synthetic.tables(getattr(synthetic, size))
    texts = synthetic.examples(getattr(synthetic, size), hostile=False)
    wall, cpu = time.perf_counter(), time.process_time()
    page = synthetic.write_report(Path(folder) / size, tables, texts)
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "page": page.stat().st_size / 1e6,
    }


def main() -> int:
    """Both sizes; the last line speaks of the larger."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SECONDS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found[size] = run = pool.apply(measure, (size, folder))
            print(
                f"{size.lower()}: {run['cpu']:.1f} s CPU (bar {SECONDS[size]:.0f}), "
                f"{run['wall']:.1f} s wall, peak {run['megabytes']:.0f} MB (bar {MEGABYTES}), "
                f"page {run['page']:.2f} MB (bar {PAGE_MEGABYTES:.0f})",
                flush=True,
            )
    missed = [
        size
        for size, run in found.items()
        if run["cpu"] > SECONDS[size]
        or run["megabytes"] > MEGABYTES
        or run["page"] > PAGE_MEGABYTES
    ]
    ours, bar = found["PAPER"]["cpu"], SECONDS["PAPER"]
    result = {
        "name": "report of the paper-size study, figures included",
        "unit": "CPU seconds",
        "ours": round(ours, 2),
        "baseline": bar,
        "ratio": round(ours / bar, 3),
        "higher_is_better": False,
    }
    print(json.dumps(result))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
