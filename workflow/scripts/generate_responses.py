"""Generate one shard of one model: every dataset and procedure of one depth, one model load."""

import sys
from pathlib import Path

from itc import tables
from itc.generate import Job, generate_shard
from itc.runlog import logged

ANSWERS = ["response_id", "answer", "answer_how", "score"]


def parents_by_cell(snakemake):
    """Responses with their extracted answers, by (dataset, procedure)."""
    found = {}
    inputs = zip(
        snakemake.params.parents, snakemake.input.parents, snakemake.input.annotations, strict=True
    )
    for cell, responses, annotations in inputs:
        frame = tables.read(responses, "responses").merge(
            tables.read(annotations, "annotations", ANSWERS), on="response_id", validate="1:1"
        )
        found[cell["dataset"], cell["procedure"]] = frame
    return found


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        problems = {
            Path(path).stem.rpartition("-")[0]: tables.read(path, "datasets")
            for path in snakemake.input.datasets
        }
        parents = parents_by_cell(snakemake)
        jobs = [
            Job(
                dataset=cell["dataset"],
                problems=problems[cell["dataset"]],
                procedure=cell["procedure"],
                settings=cell["settings"],
                procedure_hash=cell["hash"],
                parents=parents.get((cell["dataset"], cell["settings"]["parent"])),
                output=Path(path),
            )
            for cell, path in zip(snakemake.params.cells, snakemake.output, strict=True)
        ]
        size, shard = snakemake.params.shard_size, int(snakemake.wildcards.shard)
        generate_shard(
            model=dict(snakemake.params.model),
            model_name=snakemake.params.model["name"],
            jobs=jobs,
            journal_root=Path(snakemake.params.journal),
            seed=snakemake.params.seed,
            draws=range(shard * size, (shard + 1) * size),
        )
        sys.stdout.flush()
