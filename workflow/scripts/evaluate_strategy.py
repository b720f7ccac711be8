"""Write one strategy's per-problem results on one dataset."""

from itc import tables
from itc.runlog import logged
from itc.strategies._base import evaluate_strategy

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        outcomes = tables.read_many(snakemake.input, "outcomes")
        evaluation = evaluate_strategy(
            snakemake.wildcards.strategy,
            outcomes,
            budgets=list(snakemake.params.budgets),
            params=dict(snakemake.params.options),
            seed=snakemake.params.seed,
        )
        tables.write(evaluation, "evaluations", snakemake.output[0])
