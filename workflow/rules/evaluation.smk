rule evaluate_strategy:
    input:
        outcomes=lambda wildcards: grid.outcomes(wildcards.dataset),
        # Only for votes over several models: the grader says which of their answers are one.
        dataset=lambda wildcards: grid.problems_of(wildcards.strategy, wildcards.dataset),
    output:
        f"{grid.home}/evaluations/{{dataset}}/{{strategy}}.parquet",
    log:
        f"logs/evaluate/{grid.study.name}/{{dataset}}/{{strategy}}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        budgets=grid.budgets,
        seed=grid.study.seed,
        options=lambda wildcards: grid.study.strategy_options.get(wildcards.strategy, {}),
        cache=grid.grading_cache,
        code=code_of("strategies", "strategies._base"),
        relation=lambda wildcards: (
            fingerprint(
                "grading._common", f"grading.{grid.dataset(wildcards.dataset).answer_type}"
            )
            if grid.problems_of(wildcards.strategy, wildcards.dataset)
            else ""
        ),
    message:
        "evaluating {wildcards.strategy} on {wildcards.dataset}"
    script:
        "../scripts/evaluate_strategy.py"
