"""Write the report of the study: one self-contained HTML file."""

from pathlib import Path

from itc import sent, tables
from itc.analyses._read import read_all
from itc.atomic import replaced
from itc.config import root
from itc.provenance import collect
from itc.report import examples
from itc.report.cost import read_cost
from itc.report.render import render_report
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        params, frames = snakemake.params, read_all(snakemake.input.tables)
        record = collect(params.study, params.config, params.origins, params.overlays, root())
        record["explorers"] = params.explorers
        record["cost"] = read_cost(params.jobs, Path(params.benchmarks), Path())
        timing = [file for job in params.jobs.values() for file in job["timing"]]
        record["sent"] = sent.read(timing, Path())
        texts = None
        if snakemake.input.examples:
            texts = examples.pick(tables.read_many(snakemake.input.examples, "examples"))
        html = render_report(
            frames,
            {Path(path).stem: Path(path) for path in snakemake.input.figures},
            record,
            root() / "reports" / "captions",
            root() / "reports" / "templates",
            root() / "reports" / "static",
            texts,
            sections=params.sections,
        )
        replaced(snakemake.output[0], html)
