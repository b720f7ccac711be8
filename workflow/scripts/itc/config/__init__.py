"""The configuration: Snakemake's merged mapping, read, checked, and asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from itc import registry
from itc.config.checks import explain, faults
from itc.config.schema import Config, Study
from itc.config.sweeps import expand


class ConfigError(ValueError):
    """The configuration cannot be used; the message names key, value, allowed values, mend."""


def read_config(raw: dict[str, Any], check: bool = True) -> Config:
    """Turn Snakemake's merged mapping into a Config; raises ConfigError listing every fault."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("configuration refused:\n" + explain(error)) from None
    config, problems = expand(config)
    problems += faults(config) if check else []
    if problems:
        raise ConfigError("configuration refused:\n" + "\n".join(problems))
    return config


def budgets(study: Study) -> list[int]:
    """Budgets in use: as configured, else powers of two up to ``draws`` and ``draws`` itself."""
    if study.budgets:
        return sorted(set(study.budgets))
    powers = [2**i for i in range(study.draws.bit_length()) if 2**i <= study.draws]
    return sorted({*powers, study.draws})


def selected(study: Study, kind: str) -> list[str]:
    """Extensions of ``kind`` this study uses, ``all`` resolved by the registry; with variants."""
    chosen = getattr(study, kind)
    if chosen != "all":
        return list(chosen)
    found = list(registry.names(kind))
    if kind == "strategies":
        found += sorted(n for n, options in study.strategy_options.items() if "strategy" in options)
    return found


def root() -> Path:
    """Root of the checkout this package lies in."""
    return Path(__file__).resolve().parents[4]
