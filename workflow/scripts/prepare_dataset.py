"""Write one dataset's table of problems."""

from pathlib import Path

from itc import bounds, tables
from itc.config import read_config, root
from itc.datasets._load import load_dataset
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        bounds.use(snakemake.config)
        entry = read_config(snakemake.config).datasets[snakemake.wildcards.dataset]
        problems = load_dataset(entry.model_dump(), root())
        tables.write(problems, "datasets", Path(snakemake.output[0]))
