"""Draw one figure: SVG for the report, PDF for papers, CSV of what is drawn."""

from itc import registry, tables
from itc.figures._save import save
from itc.figures._style import style
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        module = registry.load("figures", snakemake.wildcards.figure)
        inputs = {}
        for label, path in snakemake.input.items():
            registry.load("analyses", label)  # registers the schema of that table
            inputs[label] = tables.read(path, label)
        with style():
            figure, data = module.draw(inputs)
            out = snakemake.output
            save(figure, data, out.svg, out.csv, out.pdf)
