for name, tables in grid.replays.items():

    rule:
        name:
            f"replay_{name}"
        input:
            ancient(grid.archives.file(name)),
        output:
            list(tables),
        log:
            f"logs/replay/{grid.study.name}/{name}.log",
        conda:
            "../../envs/analysis.yaml"
        resources:
            mem_mb=4000,
            runtime=240,
        params:
            wanted=tables,
            identity=grid.archives.identity(name),
            code=fingerprint("deposit.replay"),
        message:
            "verifying and replaying archive {name}"
        script:
            "../scripts/replay_archive.py"


rule archive:
    input:
        datasets=[grid.dataset_path(name) for name in grid.study.datasets],
        responses=[path for cell in grid.cells for path in grid.shard_files("responses", *cell)],
        outcomes=grid.outcomes(),
        evaluations=grid.evaluations(),
    output:
        f"{grid.home}/{grid.study.name}-archive.tar",
    log:
        f"logs/archive/{grid.study.name}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        config=grid.relevant(),
        code=fingerprint("deposit.describe"),
    message:
        "writing the archive of {grid.study.name}"
    script:
        "../scripts/write_archive.py"
