"""Write the archive of a study: one uncompressed tar of files whose bytes follow from the study."""

from __future__ import annotations

import json
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itc import checksum, schemas, tables
from itc.atomic import scratch
from itc.deposit import seal
from itc.deposit.manifest import FORMAT, MANIFEST, VERSION, Manifest

TABLES = ("datasets", "responses", "outcomes", "withheld_problems", "sealed_responses")


@dataclass(frozen=True)
class Cell:
    """One file of responses of the study."""

    dataset: str
    model: str
    procedure: str
    shard: str
    path: str


@dataclass(frozen=True)
class Study:
    """What a deposit is made of: paths by name, and plain values for the manifest.

    ``about`` holds the manifest's keys study, title, text, draws, shard_size, seeds, features and
    code; ``texts`` further files by name; ``results`` files to be met by a replay, by their path
    below the study's folder.
    """

    about: dict[str, Any]
    datasets: dict[str, str]
    withheld: frozenset[str]
    responses: list[Cell]
    outcomes: dict[tuple[str, str], str]
    results: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)

    def sealed(self, dataset: str) -> bool:
        """Whether the text of responses to ``dataset`` stays out of the archive.

        Responses restate their question and end in the answer: where the problems are withheld, the
        text is as well.
        """
        return dataset in self.withheld or self.about["text"] != "keep"


def write_archive(study: Study, target: Path) -> Manifest:
    """Write the archive to ``target``, atomically; equal studies give equal bytes.

    Returns its manifest. Raises TableError or OSError where a table of the study cannot be read.
    """
    with scratch(target) as folder:
        files, named = _tables(study, folder)
        for name, text in {**study.texts, "expected.sha256": _expected(study)}.items():
            files[name] = folder / "texts" / name
            files[name].parent.mkdir(parents=True, exist_ok=True)
            files[name].write_text(text, encoding="utf-8")
        manifest = Manifest.model_validate(
            {
                "format": FORMAT,
                "version": VERSION,
                **study.about,
                "tables": {name: schemas.SCHEMAS[name].version for name in TABLES},
                **named,
                "files": {
                    name: {"bytes": path.stat().st_size, "sha256": checksum.of_file(path)}
                    for name, path in sorted(files.items())
                },
            }
        )
        files[MANIFEST] = folder / MANIFEST
        files[MANIFEST].write_text(_json(manifest.model_dump()), encoding="utf-8")
        partial = folder / "tar"
        _pack(partial, target.name.removesuffix(".tar"), files)
        os.replace(partial, target)
    return manifest


def _tables(study: Study, folder: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """Parquet files by their name in the archive, and the manifest's lists of them."""
    files: dict[str, Path] = {}
    datasets, responses, outcomes = {}, [], []
    for dataset, path in sorted(study.datasets.items()):
        name = f"datasets/{dataset}.parquet"
        withheld, sealed = dataset in study.withheld, study.sealed(dataset)
        problems = tables.read(path, "datasets")
        files[name] = Path(path)
        if withheld:
            files[name] = folder / name
            tables.write(seal.withheld_problems(problems), "withheld_problems", files[name])
        datasets[dataset] = {"file": name, "withheld": withheld}
        questions = dict(zip(problems["problem_id"], problems["question"], strict=True))
        for cell in (c for c in study.responses if c.dataset == dataset):
            name = f"responses/{dataset}/{cell.model}/{cell.procedure}/{cell.shard}.parquet"
            files[name] = Path(cell.path)
            if sealed:
                files[name] = folder / name
                frame = seal.seal_responses(
                    tables.stream(cell.path, "responses"),
                    hashed=study.about["text"] != "drop",
                    questions=questions if withheld else None,
                )
                tables.write(frame, "sealed_responses", files[name])
            entry = {k: getattr(cell, k) for k in ("dataset", "model", "procedure", "shard")}
            responses.append({**entry, "file": name, "sealed": sealed})
        if sealed:
            cells = {m: p for (d, m), p in sorted(study.outcomes.items()) if d == dataset}
            read = {model: tables.read(path, "outcomes") for model, path in cells.items()}
            for model, frame in seal.seal_outcomes(read).items():
                name = f"outcomes/{dataset}/{model}.parquet"
                files[name] = folder / name
                tables.write(frame, "outcomes", files[name])
                outcomes.append({"dataset": dataset, "model": model, "file": name})
    return files, {"datasets": datasets, "responses": responses, "outcomes": outcomes}


def _expected(study: Study) -> str:
    """Checksums of what a replay must give, as ``sha256sum --check`` reads them."""
    return "".join(f"{checksum.of_file(p)}  {name}\n" for name, p in sorted(study.results.items()))


def _pack(target: Path, top: str, files: dict[str, Path]) -> None:
    """Tar of ``files`` below folder ``top``, the manifest first; no owner, no time."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in [MANIFEST, *sorted(set(files) - {MANIFEST})]:
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = files[name].stat().st_size, 0o644
            with files[name].open("rb") as source:
                tar.addfile(member, source)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
