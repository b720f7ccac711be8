"""Print what the study of this configuration will cost; writes nothing."""

from pathlib import Path

from itc.config import read_config, root
from itc.estimate import Estimate
from itc.estimate.text import render
from itc.grid import Grid

if __name__ == "__main__":
    grid = Grid(read_config(snakemake.config), root())
    print(render(Estimate(grid, Path.cwd())))
