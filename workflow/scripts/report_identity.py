"""Print which responses are there, and what would be sampled anew because of which key."""

from itc.config import read_config, root
from itc.grid import Grid
from itc.survey import render, survey

if __name__ == "__main__":
    print(render(survey(Grid(read_config(snakemake.config), root()))))
