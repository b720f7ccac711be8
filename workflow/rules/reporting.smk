rule plot_figure:
    input:
        unpack(lambda wildcards: grid.tables_of_figure(wildcards.figure)),
    output:
        svg=report(
            f"{grid.home}/figures/{{figure}}.svg",
            caption=CAPTION,
            category=category_of,
            labels=lambda wildcards: labels_of(wildcards, "figure"),
        ),
        csv=report(
            f"{grid.home}/figures/{{figure}}.csv",
            caption=CAPTION,
            category=category_of,
            labels=lambda wildcards: labels_of(wildcards, "data"),
        ),
        pdf=f"{grid.home}/figures/{{figure}}.pdf",
    log:
        f"logs/plot/{grid.study.name}/{{figure}}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_of("figures", "figures._save"),
        caption=lambda wildcards: caption_of(wildcards.figure),
    message:
        "drawing {wildcards.figure}"
    script:
        "../scripts/plot_figure.py"


rule write_sheets:
    input:
        [grid.table_path(name) for name in grid.sheet_tables],
    output:
        **{
            name: report(
                path, caption=CAPTION, category="Tables", labels={"file": Path(path).name}
            )
            for name, path in grid.sheets.items()
        },
    log:
        f"logs/sheets/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=grid.study.model_dump(mode="json"),
        config=grid.relevant(),
        overlays=OVERLAYS,
        code=fingerprint("report.sheets", "provenance"),
        caption=caption_of("sheets"),
    message:
        "writing claims.json and the LaTeX tables of {grid.study.name}"
    script:
        "../scripts/write_sheets.py"


rule sample_examples:
    input:
        dataset=lambda wildcards: grid.dataset_path(wildcards.dataset),
        outcomes=lambda wildcards: grid.outcomes(wildcards.dataset),
        responses=lambda wildcards: grid.responses_of(wildcards.dataset),
    output:
        f"{grid.home}/examples/{{dataset}}.parquet",
    log:
        f"logs/examples/{grid.study.name}/{{dataset}}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        seed=grid.study.seed,
        code=fingerprint("report.examples"),
    message:
        "choosing responses of {wildcards.dataset} to read"
    script:
        "../scripts/sample_examples.py"


rule render_explorer:
    input:
        examples=f"{grid.home}/examples/{{dataset}}.parquet",
        tables=[grid.table_path(name) for name in ("models", "dataset_cards")],
        sources=SOURCES,
    output:
        f"{grid.home}/explorer-{{dataset}}.html",
    log:
        f"logs/explorer/{grid.study.name}/{{dataset}}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=grid.study.model_dump(mode="json"),
        config=grid.relevant(),
        overlays=OVERLAYS,
        code=fingerprint("report.explorers", "provenance"),
    message:
        "writing the explorer of {wildcards.dataset}"
    script:
        "../scripts/render_explorer.py"


rule render_report:
    input:
        tables=[grid.table_path(name) for name in grid.report_tables],
        figures=[grid.figure_paths(name)["svg"] for name in grid.figures],
        examples=[grid.example_path(name) for name in grid.explored],
        sources=SOURCES,
    output:
        report(
            f"{grid.home}/report.html",
            caption=CAPTION,
            category="Report",
            labels={"file": "report.html"},
        ),
    log:
        f"logs/report/{grid.study.name}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=grid.study.model_dump(mode="json"),
        config=grid.relevant(),
        origins=grid.origins(),
        overlays=OVERLAYS,
        sections=selected(grid.study, "sections"),
        explorers={d: Path(grid.explorer_path(d)).name for d in grid.explored},
        jobs=grid.timed_jobs(),
        benchmarks=f"{grid.results}/benchmarks",
        caption=caption_of("report"),
        code=fingerprint(
            "report.render",
            "report.cost",
            "report.examples",
            "provenance",
            *(f"report.sections.{name}" for name in selected(grid.study, "sections")),
        ),
    message:
        "writing the report of {grid.study.name}"
    script:
        "../scripts/render_report.py"
