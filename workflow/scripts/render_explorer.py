"""Write the page on which the responses of one dataset can be read."""

from pathlib import Path

from itc import registry, tables
from itc.atomic import replaced
from itc.config import root
from itc.provenance import collect
from itc.report.explorers import render_explorer
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        params, frames = snakemake.params, {}
        for path in snakemake.input.tables:
            name = Path(path).stem
            registry.load("analyses", name)  # registers the schema of that table
            frames[name] = tables.read(path, name)
        html = render_explorer(
            snakemake.wildcards.dataset,
            frames,
            tables.read(snakemake.input.examples, "examples"),
            collect(params.study, params.config, {}, params.overlays, root()),
            root() / "reports" / "templates",
            root() / "reports" / "static",
        )
        replaced(snakemake.output[0], html)
