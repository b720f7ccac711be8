"""Write the archive of the study: what to deposit, and what to replay from."""

from pathlib import Path

from itc.config import read_config, root
from itc.deposit.describe import plan
from itc.deposit.write import write_archive
from itc.grid import Grid
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        target = Path(snakemake.output[0])
        manifest = write_archive(plan(Grid(read_config(snakemake.config), root())), target)
        print(f"{target}: {len(manifest.files)} files, {target.stat().st_size} bytes")
