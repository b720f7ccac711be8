"""Write one analysis table."""

from itc import tables
from itc.analyses._run import run
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        name = snakemake.wildcards.table
        frame = run(name, dict(snakemake.input.items()), snakemake.params.settings)
        tables.write(frame, name, snakemake.output[0])
