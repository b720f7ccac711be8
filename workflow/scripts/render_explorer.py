"""Write the page on which the responses of one dataset can be read."""

from itc import tables
from itc.analyses._read import read_all
from itc.atomic import replaced
from itc.config import root
from itc.provenance import collect
from itc.report.explorers import render_explorer
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        params, frames = snakemake.params, read_all(snakemake.input.tables)
        html = render_explorer(
            snakemake.wildcards.dataset,
            frames,
            tables.read(snakemake.input.examples, "examples"),
            collect(params.study, params.config, {}, params.overlays, root()),
            root() / "reports" / "templates",
            root() / "reports" / "static",
        )
        replaced(snakemake.output[0], html)
