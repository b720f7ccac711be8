"""Print how many problems, or draws, the differences of this study need to be seen."""

from itc import registry, tables
from itc.estimate.plan import render

if __name__ == "__main__":
    registry.load("analyses", "planning")  # registers the schema of that table
    print(render(tables.read(snakemake.input[0], "planning")))
