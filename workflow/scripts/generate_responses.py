"""Generate one shard of one model: every dataset and procedure of one depth, one model load."""

import sys
from pathlib import Path

from itc import tables
from itc.config import read_config, root
from itc.generate import Job, generate_shard, parents_of
from itc.grid import Grid
from itc.runlog import logged


def parents_by_cell(runs, responses, annotations):
    """Responses with their extracted answers, by (dataset, procedure)."""
    return {
        (run.dataset, run.procedure): parents_of(response, annotation)
        for run, response, annotation in zip(runs, responses, annotations, strict=True)
    }


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        problems = {
            Path(path).stem.rpartition("-")[0]: tables.read(path, "datasets")
            for path in snakemake.input.datasets
        }
        grid = Grid(read_config(snakemake.config), root())
        by_folder = {run.folder: run for run in grid.runs}
        runs = [by_folder[folder] for folder in snakemake.params.runs]
        parents = parents_by_cell(
            [by_folder[folder] for folder in snakemake.params.parents],
            snakemake.input.parents,
            snakemake.input.annotations,
        )
        jobs = [
            Job(
                dataset=run.dataset,
                problems=problems[run.dataset],
                procedure=run.procedure,
                settings=grid.settings_of(run),
                procedure_hash=run.folder.rpartition("-")[2],
                parents=parents.get((run.dataset, grid.procedure(run.procedure).parent)),
                output=Path(path),
                block=grid.block(run.procedure),
                identity=grid.run_identity(run.dataset, run.model, run.procedure),
            )
            for run, path in zip(runs, snakemake.output, strict=True)
        ]
        size, shard = grid.study.shard_size, int(snakemake.wildcards.shard)
        generate_shard(
            model=grid.model(runs[0].model),
            model_name=runs[0].model,
            jobs=jobs,
            journal_root=Path(grid.journal),
            seed=grid.study.seed,
            draws=range(shard * size, (shard + 1) * size),
            contents=grid.contents,
        )
        sys.stdout.flush()
