for batch in grid.annotation_batches:

    rule:
        name:
            f"annotate_{batch.name}"
        input:
            datasets=sorted({grid.dataset_path(run.dataset) for run in batch.runs}),
            responses=[grid.response_path(run, "{shard}") for run in batch.runs],
        output:
            [grid.annotation_path(run, "{shard}") for run in batch.runs],
        log:
            f"logs/annotate/{batch.name}/{{shard}}.log",
        benchmark:
            f"{grid.results}/benchmarks/annotate/{batch.name}/{{shard}}.tsv"
        wildcard_constraints:
            shard="|".join(batch.shards),
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=3000,
            runtime=120,
        params:
            cells=[grid.generation_cell(run) for run in batch.runs],
            features=sorted(selected(grid.study, "features")),
            lexicons=of_files(sorted((REPO / "config" / "lexicons").glob("*.yaml"))),
            cache=grid.grading_cache,
            unsandboxed=grid.unsandboxed(batch.runs),
            code=fingerprint("annotate", *extensions_of(batch.runs)),
        message:
            f"grading and measuring {batch.model}, depth {batch.depth}, shard {{wildcards.shard}}"
        script:
            "../scripts/annotate_responses.py"


rule build_outcomes:
    input:
        dataset=lambda wildcards: grid.dataset_path(wildcards.dataset),
        responses=lambda wildcards: grid.shard_files("responses", *wildcards),
        annotations=lambda wildcards: grid.shard_files("annotations", *wildcards),
    output:
        f"{grid.home}/outcomes/{{dataset}}/{{model}}.parquet",
    log:
        f"logs/outcomes/{grid.study.name}/{{dataset}}/{{model}}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        cache=grid.grading_cache,
        mixed_platforms=grid.study.mixed_platforms,
        code=lambda wildcards: fingerprint(
            "outcomes", "schemas", f"grading.{grid.dataset(wildcards.dataset).answer_type}"
        ),
    message:
        "joining outcomes of {wildcards.model} on {wildcards.dataset}"
    script:
        "../scripts/build_outcomes.py"
