"""Refuse a study that cannot run, before any job of it starts."""

from __future__ import annotations

from pathlib import Path

from itc import migration, registry
from itc.claims import _settings as claim_settings
from itc.config import ConfigError
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.engines import _base as engines
from itc.engines import _template
from itc.features import _lexicon as lexicons
from itc.grid import Grid
from itc.grid.runs import Run
from itc.procedures._continues import check_engine, check_parent
from itc.procedures._options import ProcedureError


def check(grid: Grid) -> None:
    """Refuse models and procedures that cannot run, before any job is submitted.

    Raises ConfigError for a missing model folder or weights, an unknown prompt variable, a fault of
    config/claims.yaml, a strategy without its procedure, and whatever else an engine or procedure
    checks of its entry; keys are asked for by check_keys.
    """
    try:
        for name in grid.generated:
            engines.check(name, grid.model(name).model_copy(update={"api_key_env": None}))
        for run in grid.runs:
            if run.model in grid.generated:
                settings = grid.settings_of(run)
                _check_template(grid.model(run.model), settings)
                module = registry.load("procedures", settings.entry.kind)
                module.check(run.procedure, settings)
                check_engine(run.procedure, settings, run.model, grid.model(run.model))
                if parent := grid.parent_of(run):
                    check_parent(run.procedure, settings, grid.settings_of(parent))
                _check_asked(grid, run)
        for run in grid.held:
            grid.shards_of(run)
        grid.archives.check_features({grid.archive_of(run) for run in grid.held})
        claim_settings.load()
    except (engines.EngineError, ProcedureError, claim_settings.ClaimConfigError) as error:
        raise ConfigError(str(error)) from error
    _ = grid.strategies  # raises where one is named whose procedure the study does not run


def _check_template(model: Model, settings: Settings) -> None:
    """Refuse variables that the chat template of a local model does not know."""
    try:
        _template.check_model(model, settings.entry.chat_template_kwargs)
    except engines.PromptError as error:
        raise ConfigError(f"procedures.{settings.name}, model {model.title!r}: {error}") from error


def _check_asked(grid: Grid, run: Run) -> None:
    """Refuse to ask a model what an archive withholds."""
    entry = grid.dataset(run.dataset)
    if entry.loader == "archive" and grid.archives.withheld(run.dataset, entry):
        raise ConfigError(
            f"datasets.{run.dataset}: archive {entry.import_from!r} holds no questions of it, "
            f"so {run.model!r} cannot be asked; give the dataset its own loader or drop it"
        )


def check_keys(grid: Grid, rules: set[str]) -> None:
    """Refuse to start ``rules`` (names) that sample a served model without its API key.

    Plans, estimates and the report of finished responses need no key. Raises ConfigError.
    """
    wanted = {b.model for b in grid.batches if f"generate_{b.name}" in rules}
    try:
        for name in sorted(wanted):
            engines.check(name, grid.model(name))
    except engines.EngineError as error:
        raise ConfigError(str(error)) from error


def sampled_again(grid: Grid, rules: set[str]) -> list[str]:
    """One line per run of ``rules`` (names) that samples what exists but for one changed key."""
    lines = []
    for batch in grid.batches:
        for run in batch.runs if f"generate_{batch.name}" in rules else ():
            own = Path(grid.journal_path(run, "000")).parent
            if not any(path.stat().st_size for path in own.glob("*.jsonl")):
                about = grid.run_identity(run.dataset, run.model, run.procedure)
                args = (grid.journal, run.model, run.procedure, own.name, about)
                lines.append(migration.warning(*args))
    return list(dict.fromkeys(line for line in lines if line))


def check_lexicons(rules: set[str]) -> None:
    """Refuse to start ``rules`` (names) that count markers with a lexicon that is at fault.

    Asked at the start only: it takes longer than all else that a plan or a job on a cluster reads.
    Raises ConfigError.
    """
    try:
        if any(rule.startswith("annotate_") for rule in rules):
            lexicons.load()
    except lexicons.LexiconError as error:
        raise ConfigError(str(error)) from error
