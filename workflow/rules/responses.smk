# On a CPU, before a GPU is asked for: chat template, template variables, length of the prompts.
for batch in grid.first_batches:

    rule:
        name:
            f"check_prompts_{batch.name}"
        input:
            ancient(sorted({grid.dataset_path(run.dataset) for run in batch.runs})),
        output:
            grid.prompt_check_path(batch),
        log:
            f"logs/prompts/{batch.name}.log",
        conda:
            "../../envs/vllm.yaml"
        resources:
            mem_mb=4000,
            runtime=60,
        params:
            runs=[run.folder for run in batch.runs],
        message:
            f"checking the prompts of {batch.model}"
        script:
            "../scripts/check_prompts.py"


# One rule per model and depth: its outputs are known only from the config, its shards are wildcards.
# Inputs are ancient: what decides a response is in its path, so no newer file may cause sampling.
for batch in grid.batches:

    rule:
        name:
            f"generate_{batch.name}"
        input:
            datasets=ancient(sorted({grid.dataset_path(run.dataset) for run in batch.runs})),
            prompts=ancient(grid.prompt_checks(batch)),
            parents=ancient([grid.response_path(run, "{shard}") for run in grid.parents(batch)]),
            annotations=ancient(
                [grid.annotation_path(run, "{shard}") for run in grid.parents(batch)]
            ),
        output:
            [grid.response_path(run, "{shard}") for run in batch.runs],
        log:
            f"logs/generate/{batch.name}/{{shard}}.log",
        benchmark:
            f"{grid.results}/benchmarks/generate/{batch.name}/{{shard}}.tsv"
        wildcard_constraints:
            shard="|".join(batch.shards),
        conda:
            "../../envs/vllm.yaml"
        threads: grid.model(batch.model).threads
        resources:
            mem_mb=grid.model(batch.model).mem_mb,
            gpu=grid.model(batch.model).gpu,
            runtime=partial(minutes, model=batch.model),
        params:
            # Only what the path says already: any other change of the config, a title or a run
            # time, must not start a job on a GPU. The script reads the rest from the config.
            runs=[run.folder for run in batch.runs],
            parents=[run.folder for run in grid.parents(batch)],
        message:
            f"generating with {batch.model}, depth {batch.depth}, shard {{wildcards.shard}}"
        script:
            "../scripts/generate_responses.py"
