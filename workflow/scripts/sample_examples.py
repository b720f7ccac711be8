"""Choose the responses of one dataset that a reader may open, and write them with their texts."""

from itc import tables
from itc.report import examples
from itc.runlog import logged


def pieces(paths):
    """Responses file by file and piece by piece, so that memory stays flat."""
    for path in paths:
        yield from tables.stream(path, "responses", [*examples.KEY, *examples.TEXTS])


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        given = snakemake.input
        outcomes = tables.read_many(given.outcomes, "outcomes", examples.KEPT)
        picked = examples.pick(
            outcomes, examples.PROBLEMS, examples.DRAWS, seed=snakemake.params.seed
        )
        problems = tables.read_datasets([given.dataset])
        full = examples.attach(picked, pieces(given.responses), problems)
        tables.write(full, "examples", snakemake.output[0])
