rule evaluate_strategy:
    input:
        lambda wildcards: grid.outcomes(wildcards.dataset),
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
        code=code_of("strategies", "strategies._base"),
    message:
        "evaluating {wildcards.strategy} on {wildcards.dataset}"
    script:
        "../scripts/evaluate_strategy.py"
