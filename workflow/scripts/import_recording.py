"""Write the problems and responses that one recording provides."""

from pathlib import Path

from itc import tables
from itc.importing import import_recording
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        datasets, responses = snakemake.params.datasets, snakemake.params.responses
        models = {entry["name"]: entry for entry in responses.values()}
        problems, cells = import_recording(
            Path(snakemake.input[0]),
            dict(snakemake.params.spec),
            list(datasets.values()),
            list(models.values()),
        )
        for path, entry in datasets.items():
            tables.write(problems[entry["name"]], "datasets", path)
        for path, entry in responses.items():
            tables.write(cells[entry["dataset"], entry["name"]], "responses", path)
