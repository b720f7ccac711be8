# Nothing of the study needs these targets: they are asked for by name.
rule estimate:
    log:
        f"logs/estimate/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        "estimating {grid.study.name}"
    script:
        "../scripts/estimate_study.py"


rule plan:
    input:
        f"{grid.home}/tables/planning.parquet",
    log:
        f"logs/plan/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        "what differences in {grid.study.name} need to be seen"
    script:
        "../scripts/plan_study.py"


rule identity:
    log:
        f"logs/identity/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        "responses of {grid.study.name}: what is there, and what would be sampled anew"
    script:
        "../scripts/report_identity.py"


rule prune_journal:
    log:
        f"logs/prune/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        "journals that {grid.study.name} does not need"
    script:
        "../scripts/prune_journal.py"


rule probe_model:
    input:
        lambda wildcards: ancient(
            [grid.dataset_path(r.dataset) for r in grid.probe_runs if r.model == wildcards.model]
        ),
    output:
        grid.probe_path("{model}"),
    log:
        f"logs/probe/{grid.study.name}/{{model}}.log",
    conda:
        "../../envs/vllm.yaml"
    threads: lambda wildcards: grid.model(wildcards.model).threads
    resources:
        mem_mb=lambda wildcards: grid.model(wildcards.model).mem_mb,
        gpu=lambda wildcards: grid.model(wildcards.model).gpu,
        runtime=lambda wildcards, attempt: minutes(wildcards, attempt, wildcards.model),
    params:
        runs=[run.folder for run in grid.probe_runs],
        probe=grid.study.probe.model_dump(),
    message:
        "probing the reproducibility of {wildcards.model}"
    script:
        "../scripts/probe_model.py"


rule reproducibility_probe:
    input:
        [grid.probe_path(run.model) for run in grid.probe_runs],
    localrule: True
