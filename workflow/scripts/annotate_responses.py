"""Write grades and features of every response file of one model's batch."""

import sys
from pathlib import Path

from itc import tables
from itc.annotate import annotate_file
from itc.config.procedure import Settings
from itc.grading._bubblewrap import given_up
from itc.runlog import logged
from tqdm import tqdm

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        problems = {
            Path(path).stem.rpartition("-")[0]: tables.read(path, "datasets")
            for path in snakemake.input.datasets
        }
        jobs = list(
            zip(snakemake.params.cells, snakemake.input.responses, snakemake.output, strict=True)
        )
        for cell, source, target in tqdm(jobs, desc="files annotated", file=sys.stderr):
            with given_up(cell["dataset"] in snakemake.params.unsandboxed):
                frame = annotate_file(
                    Path(source),
                    problems[cell["dataset"]],
                    Settings.of(cell["settings"]),
                    snakemake.params.features,
                    snakemake.params.cache,
                )
            tables.write(frame, "annotations", target)
