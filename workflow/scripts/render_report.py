"""Write the report of the study: one self-contained HTML file."""

import os
from pathlib import Path

from itc import registry, tables
from itc.config import root
from itc.provenance import collect
from itc.report.render import render_report
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        params, frames = snakemake.params, {}
        for path in snakemake.input.tables:
            name = Path(path).stem
            registry.load("analyses", name)  # registers the schema of that table
            frames[name] = tables.read(path, name)
        html = render_report(
            frames,
            {Path(path).stem: Path(path) for path in snakemake.input.figures},
            collect(params.study, params.config, params.origins, params.overlays, root()),
            root() / "reports" / "captions",
            root() / "reports" / "templates",
            root() / "reports" / "static",
            sections=params.sections,
        )
        partial = Path(f"{snakemake.output[0]}.partial")
        partial.write_text(html, encoding="utf-8")
        os.replace(partial, snakemake.output[0])
