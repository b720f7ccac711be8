rule analyse_model:
    input:
        outcomes=lambda wildcards: grid.outcomes_of_model(wildcards.model),
    output:
        f"{grid.home}/tables/{{table}}/{{model}}.parquet",
    log:
        f"logs/analyse/{grid.study.name}/{{table}}/{{model}}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=grid.settings(),
        settings_file=settings_file,
        code=code_of("analyses", "tables", "analyses._run"),
    message:
        "building table {wildcards.table} for {wildcards.model}"
    script:
        "../scripts/analyse.py"


rule analyse:
    input:
        unpack(lambda wildcards: grid.inputs_of_table(wildcards.table)),
    output:
        f"{grid.home}/tables/{{table}}.parquet",
    log:
        f"logs/analyse/{grid.study.name}/{{table}}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=grid.settings(),
        settings_file=settings_file,
        code=code_of("analyses", "tables", "analyses._run"),
    message:
        "building table {wildcards.table}"
    script:
        "../scripts/analyse.py"
