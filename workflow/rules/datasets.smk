rule prepare_dataset:
    output:
        f"{grid.results}/datasets/{{dataset}}-{{key}}.parquet",
    log:
        "logs/prepare_dataset/{dataset}-{key}.log",
    wildcard_constraints:
        dataset="|".join(map(re.escape, grid.prepared)) or "(?!)",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    # No params: what decides the table is in its key. Snakemake 9.27 leaves out jobs whose output
    # is missing where an ancient input of theirs, that exists, is due to be made again.
    message:
        "preparing dataset {wildcards.dataset}"
    script:
        "../scripts/prepare_dataset.py"


for name, cells in grid.imports.items():

    rule:
        name:
            f"import_{name}"
        input:
            recording=ancient([str(path) for path in grid.recordings(name)]),
            companions=ancient([str(path) for path in grid.companions(name).values()]),
        output:
            datasets=list(cells["datasets"].values()),
            responses=list(cells["responses"].values()),
        log:
            f"logs/import/{name}.log",
        conda:
            "../../envs/analysis.yaml"
        resources:
            mem_mb=2000,
            runtime=120,
        params:
            spec={
                **grid.config.imports[name].model_dump(),
                "companions": list(grid.companions(name)),
            },
            datasets=[
                {"name": d, **grid.dataset(d).model_dump()}
                for d in dict.fromkeys(d for d, _ in cells["responses"])
            ],
            problems={path: d for d, path in cells["datasets"].items()},
            responses={
                path: {"dataset": d, "name": m, **grid.model(m).model_dump(mode="json")}
                for (d, m), path in cells["responses"].items()
            },
            code=fingerprint("importing", f"archive.{grid.config.imports[name].format}"),
        message:
            f"importing recorded responses of {name}"
        script:
            "../scripts/import_recording.py"
