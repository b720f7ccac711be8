"""Write one strategy's per-problem results on one dataset."""

from itc import registry, tables
from itc.runlog import logged
from itc.strategies._base import evaluate_strategy, outcome_columns

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        label = snakemake.wildcards.strategy
        name, params = registry.strategy(label, {label: snakemake.params.options})
        outcomes = tables.read_many(snakemake.input.outcomes, "outcomes", outcome_columns(name))
        if snakemake.input.dataset:  # a vote over several models: which of their answers are one
            from itc.grading._common import with_common_classes

            problems = tables.read(snakemake.input.dataset, "datasets")
            outcomes = with_common_classes(outcomes, problems, snakemake.params.cache)
        evaluation = evaluate_strategy(
            name,
            outcomes,
            budgets=list(snakemake.params.budgets),
            params=params,
            seed=snakemake.params.seed,
            label=label,
        )
        tables.write(evaluation, "evaluations", snakemake.output[0])
