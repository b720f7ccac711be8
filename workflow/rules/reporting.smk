rule plot_figure:
    input:
        unpack(lambda wildcards: grid.tables_of_figure(wildcards.figure)),
    output:
        **{kind: f"{grid.home}/figures/{{figure}}.{kind}" for kind in ("svg", "pdf", "csv")},
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
    message:
        "drawing {wildcards.figure}"
    script:
        "../scripts/plot_figure.py"


rule render_report:
    input:
        tables=[grid.table_path(name) for name in grid.report_tables],
        figures=[grid.figure_paths(name)["svg"] for name in grid.figures],
        sources=sorted(
            str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
            for path in (REPO / "reports").rglob("*.*")
        ),
    output:
        f"{grid.home}/report.html",
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
        code=fingerprint(
            "report.render",
            "provenance",
            *(f"report.sections.{name}" for name in selected(grid.study, "sections")),
        ),
    message:
        "writing the report of {grid.study.name}"
    script:
        "../scripts/render_report.py"
