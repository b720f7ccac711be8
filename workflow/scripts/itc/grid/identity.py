"""What decides a file's identity: definitions, prompt texts, recordings, draws, and their hashes.

A dataset's key hashes its definition, a run's hash covers all that decides what a model writes
(weights, prompts, decoding, seed, parent).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from itc import registry
from itc.config import ConfigError, identity
from itc.config.identity import digest
from itc.config.procedure import Settings
from itc.config.schema import Config, Dataset, Model, Procedure
from itc.contents import MEMORY, Contents
from itc.deposit.archives import Archives


class Identities:
    """Definitions of one study and what they hash to.

    ``base`` is the checkout that local paths of the configuration are relative to.
    """

    def __init__(self, config: Config, base: Path):
        self.config, self.study, self.base = config, config.study, base
        self.archives = Archives(config)
        # Digests of weights and recordings, each read once: beside what was made of them.
        self.contents = Contents(Path(config.journal) / MEMORY)

    # -- definitions -----------------------------------------------------------------------------

    def dataset(self, name: str) -> Dataset:
        """Entry of a dataset."""
        return self.config.datasets[name]

    def model(self, name: str) -> Model:
        """Entry of a model."""
        return self.config.models[name]

    def procedure(self, name: str) -> Procedure:
        """Entry of a procedure."""
        return self.config.procedures[name]

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """Models whose responses come from recordings."""
        return tuple(m for m in self.study.models if self.model(m).source == "import")

    @cached_property
    def archived(self) -> tuple[str, ...]:
        """Models whose responses come from archives."""
        return tuple(m for m in self.study.models if self.model(m).source == "archive")

    @cached_property
    def generated(self) -> tuple[str, ...]:
        """Models that are sampled here."""
        return tuple(m for m in self.study.models if self.model(m).source == "generate")

    @cached_property
    def prepared(self) -> tuple[str, ...]:
        """Datasets that a loader prepares; the others come with their recording or archive."""
        given = ("recording", "archive")
        return tuple(d for d in self.study.datasets if self.dataset(d).loader not in given)

    def depth(self, procedure: str) -> int:
        """Number of ancestors; a procedure without parent has depth 0."""
        depth, name = 0, procedure
        while (parent := self.procedure(name).parent) is not None:
            depth, name = depth + 1, parent
            if depth > len(self.config.procedures):
                raise ConfigError(f"procedures.{procedure}.parent: the parents form a circle")
        return depth

    def draws(self, procedure: str) -> int:
        """Draws of a procedure: its own number, else the study's for its kind.

        Raises ConfigError for more draws than its parent has, or for a torn shard.
        """
        entry, study = self.procedure(procedure), self.study
        derived = study.derived_draws if entry.parent else None
        draws = entry.draws or derived or study.draws
        key = f"procedures.{procedure}.draws" if entry.draws else "study.derived_draws"
        most = self.draws(entry.parent) if entry.parent else study.draws
        if draws > most:
            raise ConfigError(
                f"{key}: {draws}, but {entry.parent or 'the study'} has {most} draws; ask for at "
                f"most {most}"
            )
        if draws > study.shard_size and draws % study.shard_size:
            raise ConfigError(
                f"{key}: {draws} must be a multiple of study.shard_size {study.shard_size}, or "
                f"smaller than it; use {draws // study.shard_size * study.shard_size}"
            )
        return draws

    def block(self, procedure: str) -> int:
        """Draws of a procedure in one shard: all of the shard's, or fewer in its only shard."""
        return min(self.study.shard_size, self.draws(procedure))

    def shards(self, procedure: str) -> tuple[str, ...]:
        """Shard names of a procedure: fixed blocks of draws."""
        return tuple(f"{i:03d}" for i in range(self.draws(procedure) // self.block(procedure)))

    # -- texts and recordings ----------------------------------------------------------------------

    def prompt_texts(self, dataset: str, procedure: str) -> dict[str, str]:
        """Template texts of a procedure by role, with the dataset's replacements."""
        entry = self.procedure(procedure)
        chosen = entry.prompt if isinstance(entry.prompt, dict) else {"prompt": entry.prompt}
        texts = {}
        for role, stem in chosen.items():
            if stem is None:
                continue
            stem = self.dataset(dataset).prompts.get(stem, stem)
            files = {p.stem: p for p in (self.base / "config" / "prompts").glob("*.j2")}
            if stem not in files:
                raise ConfigError(
                    f"procedures.{procedure}.prompt: no template {stem!r}; allowed: "
                    f"{', '.join(sorted(files))} (files of config/prompts)"
                )
            try:
                texts[role] = files[stem].read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise ConfigError(
                    f"config/prompts/{stem}.j2: not UTF-8 ({error}); put back a good copy"
                ) from None
        return texts

    def asked(self, dataset: str, procedure: str, texts: bool = True) -> Settings:
        """A procedure as a dataset is asked by it; without texts where nothing is asked."""
        entry = self.procedure(procedure)
        return Settings(
            entry,
            self.prompt_texts(dataset, procedure) if texts else {},
            self.dataset(dataset).system_prompt or entry.system_prompt,
            procedure,
        )

    def recordings(self, name: str) -> list[Path]:
        """Files of an `imports` entry: one, or in order of their names all that a pattern fits."""
        return self._recorded(self.config.imports[name].file)

    def companions(self, name: str) -> dict[str, Path]:
        """Further files that the keys of an `imports` entry name (FILES of its format), by key."""
        entry = self.config.imports[name]
        keys = registry.constants("archive", entry.format).get("FILES", ())
        extra = entry.model_extra or {}
        return {key: self._recorded(extra[key])[0] for key in keys if key in extra}

    def _recorded(self, pattern: str) -> list[Path]:
        if self.config.recordings is None:
            raise ConfigError(
                "recordings: not given; this study replays recorded responses, so name the folder "
                "that holds them: --config recordings=PATH"
            )
        folder = Path(self.config.recordings)
        file = folder / pattern  # a name may hold the signs of a pattern
        files = [file] if file.is_file() else sorted(f for f in folder.glob(pattern) if f.is_file())
        if not files:
            raise ConfigError(
                f"recordings: {str(file)!r} does not exist; give the folder that holds "
                f"{pattern!r} with --config recordings=PATH"
            )
        return files

    def import_identity(self, name: str) -> dict[str, Any]:
        """What of an `imports` entry decides the responses: its reading, and its files' content."""
        files = [*self.recordings(name), *self.companions(name).values()]
        return identity.of_import(self.config.imports[name], self.contents.files(files))

    # -- hashes ----------------------------------------------------------------------------------

    @cached_property
    def dataset_keys(self) -> dict[str, str]:
        """Hash of each dataset's definition, by name."""
        return {name: self._dataset_key(name) for name in self.study.datasets}

    def _dataset_key(self, name: str) -> str:
        entry = self.dataset(name)
        if entry.loader == "archive":
            _, recorded = self.archives.dataset(name, entry)
            return digest([self.archives.identity(str(entry.import_from)), recorded])
        source = self.import_identity(entry.import_from) if entry.import_from else None
        local = (entry.model_extra or {}).get("path")
        path = self.base / str(local)
        content = self.contents.file(path) if local and path.is_file() else None
        return digest(identity.of_dataset(entry, content, source))

    @cached_property
    def model_identities(self) -> dict[str, Any]:
        """What of each model decides what it writes: local weights count by content."""
        return {
            name: identity.of_model(self.model(name), self.contents.of_model(self.model(name)))
            for name in self.generated
        }

    def run_identity(self, dataset: str, model: str, procedure: str) -> dict[str, Any]:
        """All that decides what ``model`` writes, the problems themselves aside."""
        parent = self.procedure(procedure).parent
        return identity.of_responses(
            self.study.seed,
            self.model_identities[model],
            self.asked(dataset, procedure),
            self.run_hash(dataset, model, parent) if parent else None,
            # Children see all draws of a block, so its size is part of what they saw.
            self.block(procedure) if parent else None,
        )

    def run_hash(self, dataset: str, model: str, procedure: str) -> str:
        """Hash of a run's identity, which its path bears."""
        return digest(self.run_identity(dataset, model, procedure))
