"""The cells that archives provide to a study: which exist, and where their tables go.

Light imports only: the Snakefile asks this in every job.
"""

from __future__ import annotations

from pathlib import Path

from itc.config import ConfigError
from itc.config.schema import Config, Dataset, Model
from itc.deposit.manifest import MANIFEST, ArchiveError, Manifest, Responses
from itc.deposit.store import read_manifest


class Archives:
    """Archives of a configuration, by name. Raises ConfigError where one cannot serve the study."""

    def __init__(self, config: Config):
        self.config = config
        self._known: dict[str, dict[tuple[str, str, str], dict[str, Responses]]] = {}

    def path(self, name: str) -> Path:
        """Folder or tar file of an `archives` entry."""
        path = self.config.archives[name].path or self.config.archive
        if path is None:
            raise ConfigError(
                f"archives.{name}.path: not given; name the archive's folder or tar file there or "
                "with --config archive=PATH"
            )
        return Path(path)

    def file(self, name: str) -> str:
        """The file that stands for the archive: its tar, or the manifest in its folder."""
        path = self.path(name)
        return str(path / MANIFEST if path.is_dir() else path)

    def identity(self, name: str) -> str:
        """Checksum of the manifest, which holds those of all files."""
        return self._read(name)[1]

    def manifest(self, name: str) -> Manifest:
        """Manifest of an archive, compared with the checksum configured, if any."""
        return self._read(name)[0]

    def _read(self, name: str) -> tuple[Manifest, str]:
        try:
            manifest, found = read_manifest(self.path(name))
        except ArchiveError as error:
            raise ConfigError(f"archives.{name}: {error}") from None
        expected = self.config.archives[name].sha256
        if expected is not None and expected != found:
            raise ConfigError(
                f"archives.{name}.sha256: {self.path(name)} has a manifest with sha256 {found}, "
                f"expected {expected}; fetch the archive again or correct the key"
            )
        return manifest, found

    def dataset(self, name: str, entry: Dataset) -> tuple[Manifest, str]:
        """Manifest that holds a dataset, and the dataset's name there."""
        manifest = self.manifest(str(entry.import_from))
        recorded = entry.recorded_as or name
        if recorded not in manifest.datasets:
            raise ConfigError(
                f"datasets.{name}: archive {entry.import_from!r} holds no dataset {recorded!r}; "
                f"allowed: {', '.join(sorted(manifest.datasets))} (set `recorded_as`)"
            )
        return manifest, recorded

    def withheld(self, name: str, entry: Dataset) -> bool:
        """Whether the archive holds only ids and hashes of a dataset's problems."""
        manifest, recorded = self.dataset(name, entry)
        return manifest.datasets[recorded].withheld

    def _cells(self, name: str) -> dict[tuple[str, str, str], dict[str, Responses]]:
        if name not in self._known:
            cells = self._known.setdefault(name, {})
            for entry in self.manifest(name).responses:
                cell = entry.dataset, entry.model, entry.procedure
                cells.setdefault(cell, {})[entry.shard] = entry
        return self._known[name]

    def responses(
        self, dataset: str, model: str, entries: tuple[Dataset, Model]
    ) -> dict[str, dict[str, Responses]]:
        """Shards of one dataset and model: procedure -> shard -> entry of the manifest.

        Raises ConfigError where the archive holds nothing of the model at all.
        """
        name = str(entries[1].import_from)
        manifest, recorded = self.dataset(dataset, entries[0])
        known = entries[1].recorded_as or model
        if known not in manifest.models:
            raise ConfigError(
                f"models.{model}: archive {name!r} holds no responses of {known!r}; allowed: "
                f"{', '.join(manifest.models)} (set `recorded_as`)"
            )
        return {
            procedure: shards
            for (d, m, procedure), shards in self._cells(name).items()
            if (d, m) == (recorded, known)
        }

    def shards(self, name: str, held: dict[str, Responses], wanted: tuple[str, ...]) -> list[str]:
        """Shards of a run to replay; ``wanted`` are those of as many draws as the study has.

        A recording is one shard whatever its draws. Raises ConfigError where the archive has fewer.
        """
        if list(held) == ["000"]:
            return ["000"]
        manifest, study = self.manifest(name), self.config.study
        if study.shard_size != manifest.shard_size or not set(wanted) <= set(held):
            raise ConfigError(
                f"study.draws: archive {name!r} holds {manifest.draws} draws in shards of "
                f"{manifest.shard_size}; set study.shard_size to {manifest.shard_size} and "
                f"study.draws to at most {manifest.draws}"
            )
        if any(entry.sealed for entry in held.values()) and len(wanted) < len(held):
            raise ConfigError(
                f"study.draws: archive {name!r} holds no text, so its {manifest.draws} draws are "
                f"replayed together; set study.draws to {manifest.draws}"
            )
        return list(wanted)

    def check_features(self, names: set[str]) -> None:
        """Refuse features named in the study that an archive (``names``) without text lacks."""
        features = self.config.study.features
        for name in sorted(names) if features != "all" else []:
            manifest = self.manifest(name)
            missing = sorted(set(features) - set(manifest.features))
            if manifest.outcomes and missing:
                raise ConfigError(
                    f"study.features: {missing[0]!r} cannot be computed, archive {name!r} holds no "
                    f"text; it holds {', '.join(manifest.features)}"
                )
