"""Hashes as paths bear them, of ten entries of every kind, the default study and the paper's.

``python tests/unit/identity/golden.py`` writes ``golden.json``. Do that only where an entry or a
template was changed on purpose: each line that changes is responses that are sampled again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parents[3]
FILE = Path(__file__).resolve().with_name("golden.json")
if __name__ == "__main__":
    sys.path.insert(0, str(REPO / "workflow" / "scripts"))

from itc.config import identity, read_config  # noqa: E402
from itc.config.dataset import Import  # noqa: E402
from itc.grid import Grid  # noqa: E402
from snakemake.utils import update_config  # noqa: E402

MODELS = ("tiny-reasoner", "tiny-direct", "r1-distill-qwen-1.5b", "r1-distill-llama-70b")
MODELS += ("qwq-32b", "qwen3-8b", "qwen3-8b-direct", "qwen2.5-7b", "deepseek-r1", "gpt-4.1-mini")
PROCEDURES = ("sample", "judge_score", "judge_yesno", "revise_full", "revise_critique", "select")
PROCEDURES += ("aggregate_full", "aggregate_summaries", "truncate", "extend")
DATASETS = ("chain_sum", "leg_counting", "math500", "aime2024", "aime2025", "gpqa_diamond")
DATASETS += ("livecodebench", "gsm8k", "olympiadbench", "minerva")
IMPORTS: dict[str, dict[str, Any]] = {
    "plain": {"format": "jsonl", "file": "a.jsonl"},
    "zipped": {"format": "jsonl", "file": "a.jsonl.gz", "credit": "nobody"},
    "several": {"format": "inspect", "file": "runs/*.eval"},
    "scored": {"format": "inspect", "file": "runs/*.eval", "scorer": "match"},
    "columns": {"format": "parquet", "file": "a.parquet", "columns": {"question": "prompt"}},
    "settings": {"format": "parquet", "file": "a.parquet", "settings": ["temperature"]},
    "excluded": {"format": "jsonl", "file": "a.jsonl", "exclude": [{"model": "x", "n": [1, 2]}]},
    "harness": {"format": "lm_eval", "file": "samples_*.jsonl", "metric": "exact_match"},
    "counted": {"format": "jsonl", "file": "a.jsonl", "tokenizer": "a/b@c"},
    "apart": {"format": "openai_batch", "file": "b.jsonl", "thinking_tokens_apart": ["m"]},
}


def configuration(overlay: str | None = None) -> dict[str, Any]:
    """The default study, or an overlay of it, as Snakemake merges them."""
    merged: dict[str, Any] = {}
    for stem in ("default", "datasets", "models", "procedures", *([overlay] if overlay else [])):
        update_config(merged, yaml.safe_load((REPO / "config" / f"{stem}.yaml").read_text()))
    return merged


def measured() -> dict[str, dict[str, str]]:
    """Hashes of today: section -> entry -> hash."""
    default, paper = (Grid(read_config(configuration(o)), REPO) for o in (None, "paper"))
    wide = configuration()
    wide["study"] |= {"models": list(MODELS), "datasets": list(DATASETS)}
    whole = Grid(read_config(wide), REPO)
    models = whole.model_identities
    return {
        "models": {name: identity.digest(models[name]) for name in MODELS},
        "procedures": {
            name: identity.digest(identity.of_procedure(whole.asked("chain_sum", name)))
            for name in PROCEDURES
        },
        "datasets": {name: whole.dataset_keys[name] for name in DATASETS},
        "imports": {
            name: identity.digest(identity.of_import(Import.model_validate(entry), ["0" * 64]))
            for name, entry in IMPORTS.items()
        },
        "the default study": {
            f"{run.model} {run.procedure} {run.dataset}": run.folder.rpartition("-")[2]
            for run in default.runs
            if run.dataset == "chain_sum"
        },
        "config/paper.yaml": {
            f"{run.model} {run.procedure} {run.dataset}": run.folder.rpartition("-")[2]
            for run in paper.runs
            if run.dataset == "math500" and (run.model == "qwq-32b" or run.procedure == "sample")
        },
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(measured(), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {FILE.relative_to(REPO)}")
