import os
import re
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir) / ".." / "scripts"))

from itc import registry
from itc.config import ConfigError, read_config, selected
from itc.config.command_line import reread
from itc.deposit.manifest import ArchiveError
from itc.deposit.store import beside, overlay
from itc.fingerprint import fingerprint, of_files
from itc.grid import Grid, checks
from itc.scheduling import keep_one_timer
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

REPO = Path(workflow.current_basedir).parents[1].resolve()

# Linear algebra in one thread per job: jobs already share the cores, and threads that wait for each
# other on small matrices take ten times the CPU time. vLLM sets its own.
for library in ("OPENBLAS", "MKL", "BLIS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# An archive's own study lies between the defaults and what the command line says.
archive_path = config.get("archive") or beside(workflow.configfiles)
if archive_path:
    try:
        update_config(config, {**overlay(archive_path), "archive": archive_path})
    except ArchiveError as error:
        raise WorkflowError(str(error)) from None
    update_config(config, workflow.config_settings.overwrite_config)

# What the command line says, read as a file would give it: Snakemake knows no types.
update_config(config, reread(workflow.config_settings.overwrite_config, config))

try:
    grid = Grid(read_config(config), REPO)
    checks.check(grid)
except ConfigError as error:
    raise WorkflowError(str(error)) from None


# Config files named on the command line, for the commands that the report prints.
OVERLAYS = [
    os.path.relpath(path)
    for path in map(str, workflow.configfiles)
    if not path.startswith("config/")
]

# What a reader gets: the report, the explorers beside it, and its claims and tables as files.
PAGES = [
    f"{grid.home}/report.html",
    *(grid.explorer_path(name) for name in grid.explored),
    *grid.sheets.values(),
]
# Sources of every page.
SOURCES = sorted(
    str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    for path in (REPO / "reports").rglob("*.*")
)


wildcard_constraints:
    dataset="|".join(map(re.escape, grid.study.datasets)),
    model="|".join(map(re.escape, grid.study.models)),
    strategy="|".join(map(re.escape, grid.strategies)),
    table="|".join(map(re.escape, registry.names("analyses"))),
    figure="|".join(map(re.escape, grid.figures)),
    shard=r"\d{3}",
    key="[0-9a-f]{10}",


def code_of(kind, *shared):
    """Params function: fingerprint of the extension a job's wildcard names, and shared modules."""
    wildcard = {"strategies": "strategy", "analyses": "table", "figures": "figure"}[kind]

    def code(wildcards):
        name = wildcards[wildcard]
        if kind == "strategies":
            name, _ = registry.strategy(name, grid.study.strategy_options)
        loads = registry.constants(kind, name).get("LOADS", ())
        found = [f"{other}.{stem}" for other in loads for stem in registry.names(other)]
        return fingerprint(f"{kind}.{name}", *shared, *found)

    return code


# For `snakemake --report`: a rule has one caption file, so it shows the param of that name.
CAPTION = "../../reports/captions/_of_rule.rst"


def caption_of(name):
    """Text of a caption, reStructuredText; empty where nobody wrote one."""
    path = REPO / "reports" / "captions" / f"{name}.rst"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def category_of(wildcards):
    """Title of the section that a figure belongs to."""
    section = registry.constants("figures", wildcards.figure)["SECTION"]
    section = section if section in registry.names("sections") else "figures"
    return registry.constants("sections", section)["TITLE"]


def labels_of(wildcards, what):
    """How `snakemake --report` lists one file of a figure."""
    return {"figure": registry.constants("figures", wildcards.figure)["TITLE"], "file": what}


def settings_file(wildcards):
    """Params function: content of a table's own file of settings in config/, if it has one."""
    files = [
        REPO / "config" / f"{kind}.yaml"
        for kind in registry.constants("analyses", wildcards.table).get("LOADS", ())
    ]
    return of_files([path for path in files if path.is_file()])


def extensions_of(runs):
    """Modules that judge and measure the responses of ``runs``."""
    types = sorted({grid.dataset(run.dataset).answer_type for run in runs})
    kinds = sorted({grid.procedure(run.procedure).kind for run in runs})
    features = sorted(selected(grid.study, "features"))
    return (
        *(f"grading.{name}" for name in types),
        *(f"features.{name}" for name in features),
        *(f"procedures.{name}" for name in kinds),
    )


def minutes(wildcards, attempt, model):
    """Run time of a generation job: more on each attempt, since the journal keeps what is done."""
    return grid.model(model).runtime * attempt
