"""The readable half of an archive: its overlay, configuration, environment and README."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import yaml

from itc import checksum, provenance
from itc.config import ConfigError, selected
from itc.deposit.manifest import OVERLAY
from itc.deposit.write import Cell, Study
from itc.fingerprint import fingerprint
from itc.grid import SHOWN_OF_MODELS, Grid

SELECTIONS = ("strategies", "features", "figures", "sections", "claims")
# What a replay reads of an entry; the rest says how to load or to generate, and is in config.json.
DATASET_KEYS = ("title", "answer_type", "licence", "redistribute", "system_prompt")
MODEL_KEYS = sorted(SHOWN_OF_MODELS | {"revision", "thinking"})


def plan(grid: Grid) -> Study:
    """What the archive of a study is made of; raises ConfigError where one cannot be made."""
    if any(grid.sealed(run) for run in grid.runs):
        raise ConfigError(
            f"study.models: {grid.study.name!r} replays an archive without text, which cannot be "
            "deposited again; deposit the original, or a study without those models"
        )
    study, head = grid.study, provenance.commit(grid.base)
    results = grid.evaluations()
    kept = [
        grid.outcome_path(d, m)
        for d, m in grid.cells
        if study.text == "keep" and grid.dataset(d).redistribute
    ]
    described = Study(
        about={
            "study": study.name,
            "title": study.title,
            "text": study.text,
            "draws": study.draws,
            "shard_size": study.shard_size,
            "seeds": {"study": study.seed},
            "features": sorted(selected(study, "features")),
            "code": {
                "commit": head[0],
                "dirty": head[1],
                "fingerprint": fingerprint(
                    "annotate",
                    "outcomes",
                    "strategies._base",
                    *(f"strategies.{name}" for name in grid.strategies),
                ),
            },
        },
        datasets={name: grid.dataset_path(name) for name in study.datasets},
        withheld=frozenset(d for d in study.datasets if not grid.dataset(d).redistribute),
        responses=[
            Cell(run.dataset, run.model, run.procedure, shard, grid.response_path(run, shard))
            for run in grid.runs
            for shard in grid.shards_of(run)
        ],
        outcomes={cell: grid.outcome_path(*cell) for cell in grid.cells},
        results={str(Path(path).relative_to(grid.home)): path for path in [*results, *kept]},
    )
    described.texts.update(
        {
            OVERLAY: HEAD + yaml.safe_dump(overlay(grid), sort_keys=True, allow_unicode=True),
            "config.json": _json(configuration(grid)),
            "environment.json": _json(environment(grid.base)),
            "README.md": readme(grid, described),
        }
    )
    return described


HEAD = """\
# Replays this archive: snakemake --configfile PATH/replay.yaml --cores all report
# The manifest holds its checksum: to change a setting, give a config file of your own behind it.
"""


def overlay(grid: Grid) -> dict[str, Any]:
    """Configuration that takes the study's problems and responses from the archive."""
    name = grid.study.name
    source = {"import_from": name, "recorded_as": None}
    config = grid.config.model_dump(mode="json")
    study = config["study"] | {"budgets": grid.budgets}
    return {
        "study": study,
        "datasets": {
            d: {k: config["datasets"][d][k] for k in DATASET_KEYS} | {"loader": "archive"} | source
            for d in study["datasets"]
        },
        "models": {
            m: {k: config["models"][m][k] for k in MODEL_KEYS} | {"source": "archive"} | source
            for m in study["models"]
        },
        "procedures": {p: config["procedures"][p] for p in study["procedures"]},
        "archives": {name: {"credit": grid.study.title}},
    }


def configuration(grid: Grid) -> dict[str, Any]:
    """The configuration as it ran: selections resolved, templates in full, no folders."""
    config = grid.relevant()
    study = config["study"] | {kind: selected(grid.study, kind) for kind in SELECTIONS}
    prompts = {
        d: {p: grid.prompt_texts(d, p) for p in grid.study.procedures} for d in study["datasets"]
    }
    rest = {k: v for k, v in config.items() if k not in ("results", "journal")}
    chosen = {"strategies": list(grid.strategies), "budgets": grid.budgets}
    return {**rest, "study": study | chosen, "prompts": prompts}


def environment(base: Path) -> dict[str, Any]:
    """Versions of what computed the study, and checksums of the lock files of the checkout."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": provenance.versions(),
        "locks": {path.name: checksum.of_file(path) for path in sorted(base.glob("envs/*.lock"))},
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


HOLDS = {
    "keep": "Every response is here with its text.",
    "hash": "The text of the responses is not here. `text_sha256` of `responses/` is the sha256 of "
    "each text, by which whoever holds it can verify it.",
    "drop": "The text of the responses is not here, nor a checksum of it.",
}
SEALED = """\

Where the text is left out, so are token ids, recorded answers and conditions, and `outcomes/` holds
what was computed from the text: grades, answer classes and features. A replay takes these as they
are and grades nothing. Answers are labels (`answer 1`, ...) that tell only which answers to one
problem are the same. Not to be had from such an archive: another grader, other features, examples
of responses.
"""
WITHHELD = """\

Of datasets marked "withheld" the licence forbids to hand on the problems: `datasets/` holds their
ids, `question_sha256` (of the question) and `problem_sha256` (of the JSON list of question, gold
answer and metadata). Responses restate their question and end in the answer, so their text is left
out as well; their `text_sha256` is that of question, a NUL and the text.
"""


def readme(grid: Grid, study: Study) -> str:
    """How to verify and replay the archive, and what it does not hold."""
    name, about = grid.study.name, study.about
    folder, commit = f"{name}-archive", about["code"]["commit"] or "unknown"
    changed = " with uncommitted changes" if about["code"]["dirty"] else ""
    rows = "".join(
        f"| {d} | {grid.dataset(d).title} | {grid.dataset(d).licence} | "
        f"{'withheld' if d in study.withheld else 'held'} | "
        f"{'left out' if study.sealed(d) else 'held'} |\n"
        for d in sorted(study.datasets)
    )
    credits = "".join(
        f"- {entry.credit}\n" for entry in grid.config.imports.values() if entry.credit
    )
    return f"""\
# Recorded responses: {grid.study.title}

The archive of study `{name}`: {len(study.responses)} files of responses of \
{len(grid.study.models)} models to {len(study.datasets)} datasets, text mode `{about["text"]}`. \
{HOLDS[about["text"]]}
{SEALED if any(map(study.sealed, study.datasets)) else ""}\
{WITHHELD if study.withheld else ""}
| dataset | title | licence | problems | text of responses |
|---|---|---|---|---|
{rows}
## Replay

In a checkout of the workflow at commit {commit}{changed}, with its analysis environment (no model,
no GPU, no inference engine):

```console
tar xf {folder}.tar
snakemake --configfile {folder}/{OVERLAY} --cores all report
(cd results/{name} && sha256sum --check ../../{folder}/expected.sha256)
```

or without unpacking `snakemake --config archive={folder}.tar --cores all report`. Before anything
is computed every file is compared with `manifest.json`. The last line compares the evaluation
tables with those of the study: in the environment of `environment.json` they are the same to the
byte.

## Files

| file | holds |
|---|---|
| `manifest.json` | size and sha256 of every file, schema versions, seeds, code |
| `{OVERLAY}` | configuration of the replay |
| `config.json`, `environment.json` | configuration and versions of the original run |
| `datasets/`, `responses/`, `outcomes/` | parquet tables (zstd) |
| `expected.sha256` | checksums of the tables a replay must give |
{f"{chr(10)}## Credits{chr(10)}{chr(10)}{credits}" if credits else ""}"""
