"""Sample the same requests of one model in several settings and compare."""

from pathlib import Path

from itc import tables
from itc.config import read_config, root
from itc.generate import Job
from itc.generation_probe import probe, variants
from itc.grading._grade import grade
from itc.grid import Grid
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        grid = Grid(read_config(snakemake.config), root())
        run = next(r for r in grid.probe_runs if r.model == snakemake.wildcards.model)
        wanted = grid.study.probe
        problems = tables.read(snakemake.input[0], "datasets").iloc[: wanted.problems]
        model = grid.model(run.model)
        table = probe(
            model,
            run.model,
            Job(
                dataset=run.dataset,
                problems=problems,
                procedure=run.procedure,
                settings=grid.settings_of(run),
                procedure_hash=run.folder.rpartition("-")[2],
                parents=None,
                output=Path("000.parquet"),
            ),
            Path(grid.journal) / "probes",
            grid.study.seed,
            range(wanted.draws),
            variants(model, wanted.batch_sizes, wanted.dtypes),
            lambda frame: grade(frame, problems)["verdict"] == "right",
            grid.contents,
        )
        tables.write(table, "probes", snakemake.output[0])
