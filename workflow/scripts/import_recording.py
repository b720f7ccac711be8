"""Write the problems and responses that one recording provides."""

from pathlib import Path

from itc import bounds, tables
from itc.atomic import named
from itc.importing import import_recording
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        bounds.use(snakemake.config)
        spec, responses = dict(snakemake.params.spec), snakemake.params.responses
        spec |= dict(zip(spec.pop("companions"), snakemake.input.companions, strict=True))
        models = {entry["name"]: entry for entry in responses.values()}
        target = Path(next(iter(responses))).parent
        with named(target):
            target.mkdir(parents=True, exist_ok=True)
            with import_recording(
                [Path(path) for path in snakemake.input.recording],
                spec,
                list(snakemake.params.datasets),
                list(models.values()),
                folder=target,
            ) as imported:
                for path, name in snakemake.params.problems.items():
                    tables.write(imported.problems[name], "datasets", path)
                for path, entry in responses.items():
                    frames = imported.frames((entry["dataset"], entry["name"]))
                    tables.write_groups(frames, "responses", path)
