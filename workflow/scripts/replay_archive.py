"""Verify an archive and write the tables it provides."""

from pathlib import Path

from itc import bounds
from itc.deposit.replay import replay
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        bounds.use(snakemake.config)
        source = Path(snakemake.input[0])
        replay(
            source.parent if source.name == "manifest.json" else source,
            dict(snakemake.params.wanted),
        )
