"""Write the compact outcomes of one dataset and model."""

from itc import tables
from itc.outcomes import RESPONSE_COLUMNS, build_outcomes
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        outcomes = build_outcomes(
            tables.read(snakemake.input.dataset, "datasets"),
            tables.read_many(snakemake.input.responses, "responses", RESPONSE_COLUMNS),
            tables.read_many(snakemake.input.annotations, "annotations"),
            snakemake.params.cache,
            snakemake.params.mixed_platforms,
        )
        tables.write(outcomes, "outcomes", snakemake.output[0])
