"""Draw one figure: SVG for the report, PDF for papers, CSV of what is drawn."""

from itc import registry
from itc.analyses._read import read_all
from itc.figures._save import save
from itc.figures._style import style
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        module = registry.load("figures", snakemake.wildcards.figure)
        with style():
            figure, data = module.draw(read_all(snakemake.input))
            out = snakemake.output
            save(figure, data, out.svg, out.csv, out.pdf)
