"""Run the small study of folder ``outlive`` on a journal, as the workflow's jobs do.

``python tests/unit/identity/outliving.py`` makes the journal that is kept there, with real vLLM.
It is made anew only when what a model is asked changes on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parents[3]
PLACE = Path(__file__).resolve().parent / "outlive"
if __name__ == "__main__":
    sys.path.insert(0, str(REPO / "workflow" / "scripts"))

import pandas as pd  # noqa: E402
from itc import tables  # noqa: E402
from itc.annotate import annotate  # noqa: E402
from itc.config import read_config  # noqa: E402
from itc.datasets._load import load_dataset  # noqa: E402
from itc.generate import Job, generate_shard  # noqa: E402
from itc.grid import Grid  # noqa: E402


def study() -> dict[str, Any]:
    """Its configuration as a file gives it."""
    found: dict[str, Any] = yaml.safe_load((PLACE / "study.yaml").read_text(encoding="utf-8"))
    return found


def grid_of(raw: dict[str, Any], journal: Path, base: Path = PLACE) -> Grid:
    """Its paths; ``base`` holds templates and problems."""
    return Grid(read_config({**raw, "journal": str(journal)}), base)


def run(grid: Grid, out: Path) -> list[dict[str, Any]]:
    """Run every job, parents first; returns their timings."""
    made: dict[str, pd.DataFrame] = {}
    timings = []
    for one in grid.runs:
        problems = load_dataset(grid.dataset(one.dataset).model_dump(), grid.base)
        parent = grid.procedure(one.procedure).parent
        job = Job(
            dataset=one.dataset,
            problems=problems,
            procedure=one.procedure,
            settings=grid.settings_of(one),
            procedure_hash=one.folder.rpartition("-")[2],
            parents=made[parent] if parent else None,
            output=out / one.procedure / "000.parquet",
            identity=grid.run_identity(one.dataset, one.model, one.procedure),
        )
        timings.append(
            generate_shard(
                grid.model(one.model),
                one.model,
                [job],
                grid.journal,
                grid.study.seed,
                range(grid.study.shard_size),
                lambda counts: None,
                contents=grid.contents,
            )
        )
        rows = tables.read(job.output, "responses")
        read = annotate(rows, problems, job.settings, [])
        made[one.procedure] = rows.merge(read[["response_id", "answer", "score"]], on="response_id")
    return timings


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for timing in run(grid_of(study(), PLACE / "journal"), Path(folder)):
            print(timing["requests_finished"], "answers")
