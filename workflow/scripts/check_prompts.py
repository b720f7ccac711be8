"""Check on a CPU that a model can be asked every prompt that is known before it is sampled."""

import json
from pathlib import Path

from itc import tables
from itc.atomic import replaced
from itc.config import read_config, root
from itc.engines import _base as engines
from itc.grid import Grid
from itc.procedures._base import Work
from itc.prompt_check import check_words, measure, open_prompter
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        grid = Grid(read_config(snakemake.config), root())
        by_folder = {run.folder: run for run in grid.runs}
        runs = [by_folder[folder] for folder in snakemake.params.runs]
        problems = {
            Path(path).stem.rpartition("-")[0]: tables.read(path, "datasets").to_dict("records")
            for path in snakemake.input
        }
        model = grid.model(runs[0].model)
        works = [
            Work(
                dataset=run.dataset,
                model=run.model,
                procedure=run.procedure,
                settings=grid.settings_of(run),
                problems=problems[run.dataset],
                parents=None,
                draws=range(1),
                seed=grid.study.seed,
                thinking=engines.active_thinking(model, grid.settings_of(run)),
            )
            for run in runs
        ]
        prompter = open_prompter(model)
        asked = {run.procedure: run for run in grid.runs if run.model == runs[0].model}
        check_words(((n, grid.settings_of(run)) for n, run in asked.items()), prompter)
        rows = measure(works, prompter)
        replaced(snakemake.output[0], json.dumps(rows, indent=1) + "\n")
