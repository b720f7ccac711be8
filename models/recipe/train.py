"""Make the demo models anew: tokenizer, training, export, evaluation and model card.

    python models/recipe/train.py [--model tiny-reasoner|tiny-direct|all]

A first run on small problems is common to both models. A killed run goes on from its last
checkpoint when started again; a finished one is not repeated.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as functional
from card import write_card
from corpus import batches, texts
from optimizer import Both
from tokenizer import CHAT_TEMPLATES, END, MAX_LENGTH, PAD, VOCAB_SIZE, build, save
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

RECIPE = Path(__file__).resolve().parent
MODELS = RECIPE.parent
BUILD = RECIPE / "build"
SEED = 20_240_611
BATCH_TOKENS = 3_072
CHUNK = 2048
PEAK_RATE = 2e-3
WARM_UP = 400_000
DECAY = 0.35
SAVE_EVERY = 100
LOG_EVERY = 50
IGNORED = -100
ROWS = 512


@dataclass(frozen=True)
class Run:
    """One training run: its model's style, its problems, its length and the run it starts from."""

    model: str
    ranges: str
    tokens: int
    first_chunk: int
    start: str | None = None


RUNS = {
    "first": Run("tiny-reasoner", "narrow", 6_000_000, 0),
    "tiny-reasoner": Run("tiny-reasoner", "wide", 3_000_000, 1000, "first"),
    "tiny-direct": Run("tiny-direct", "wide", 2_500_000, 2000, "first"),
}


def make_tokenizer() -> Tokenizer:
    """Load the shared tokenizer, training it first where it is missing."""
    path = BUILD / "tokenizer.json"
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        build(texts(SEED, 8000)).save(str(path))
    return Tokenizer.from_file(str(path))


def make_model(tokenizer: Tokenizer) -> LlamaForCausalLM:
    """Return the untrained network; both models share its shape."""
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=MAX_LENGTH,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
    )
    config._attn_implementation = "eager"  # faster than sdpa for these shapes on a CPU
    return LlamaForCausalLM(config)


def learning_rate(tokens: int, total: int) -> float:
    """Warm up, stay, then fall linearly."""
    if tokens < WARM_UP:
        return PEAK_RATE * (tokens / WARM_UP + 0.01)
    return PEAK_RATE * min(1.0, max(0.02, (1 - tokens / total) / DECAY))


def batch_loss(
    model: LlamaForCausalLM, width: int, batch: list[tuple[list[int], int]]
) -> torch.Tensor:
    """Return the mean loss over the target tokens of one batch."""
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    places: list[int] = []
    targets: list[int] = []
    for row, (ids, start) in enumerate(batch):
        tokens[row, : len(ids)] = torch.tensor(ids)
        places += range(row * width + start - 1, row * width + len(ids) - 1)
        targets += ids[start:]
    padding = -len(places) % ROWS
    places += [0] * padding
    targets += [IGNORED] * padding
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=tokens, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden.flatten(0, 1)[torch.tensor(places)])
    return functional.cross_entropy(logits.float(), torch.tensor(targets), ignore_index=IGNORED)


def train(name: str, tokenizer: Tokenizer) -> LlamaForCausalLM:
    """Carry out one run, or go on from its checkpoint."""
    torch.set_num_threads(1)
    run = RUNS[name]
    model = make_model(tokenizer)
    optimizer = Both(model, PEAK_RATE)
    state = {"step": 0, "tokens": 0, "seconds": 0.0, "begun": 0, "chunk": 0, "position": 0}
    rows: list[tuple[int, float, int, float]] = []
    path = BUILD / f"{name}.pt"
    source = path if path.exists() or run.start is None else BUILD / f"{run.start}.pt"
    if source.exists():
        saved = torch.load(source, weights_only=True)
        model.load_state_dict(saved["model"])
        state, rows = saved["state"], saved["rows"]
        if source == path:
            optimizer.load_state_dict(saved["optimizer"])
        else:
            state |= {"begun": state["tokens"], "chunk": run.first_chunk, "position": 0}
    losses: list[float] = []
    while state["tokens"] - state["begun"] < run.tokens:
        key = f"{SEED}-{run.model}-{state['chunk']}"
        chunk = batches(tokenizer, run.model, run.ranges, key, CHUNK, BATCH_TOKENS)
        for width, batch in chunk[state["position"] :]:
            started = time.monotonic()
            loss = batch_loss(model, width, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step(learning_rate(state["tokens"] - state["begun"], run.tokens))
            losses.append(loss.item())
            state["step"] += 1
            state["position"] += 1
            state["tokens"] += sum(len(ids) for ids, _ in batch)
            state["seconds"] += time.monotonic() - started
            if state["step"] % LOG_EVERY == 0:
                mean = sum(losses) / len(losses)
                rows.append((state["step"], mean, state["tokens"], state["seconds"]))
                losses.clear()
                print(name, *(f"{value:.6g}" for value in rows[-1]), flush=True)
            if state["step"] % SAVE_EVERY == 0:
                checkpoint(path, model, optimizer, state, rows)
        state["chunk"] += 1
        state["position"] = 0
    checkpoint(path, model, optimizer, state, rows)
    if name in CHAT_TEMPLATES:
        write_curve(MODELS / name, rows)
    return model


def checkpoint(
    path: Path,
    model: LlamaForCausalLM,
    optimizer: Both,
    state: dict[str, float],
    rows: list[tuple[int, float, int, float]],
) -> None:
    """Write a checkpoint whole or not at all."""
    content = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "state": state,
        "rows": rows,
    }
    torch.save(content, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def write_curve(folder: Path, rows: list[tuple[int, float, int, float]]) -> None:
    """Write the loss curve."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "training.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("step", "loss", "tokens", "seconds"))
        writer.writerows((s, f"{loss:.4f}", t, f"{sec:.1f}") for s, loss, t, sec in rows)


def export(model: LlamaForCausalLM, tokenizer: Tokenizer, name: str) -> Path:
    """Write the Hugging Face folder of a trained model."""
    folder = MODELS / name
    save(tokenizer, folder, name)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
        do_sample=True,
        temperature=0.8,
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    return folder


def make(name: str) -> None:
    """Train and export one model; the run that both start from is made where it is missing."""
    tokenizer = make_tokenizer()
    train("first", tokenizer)
    export(train(name, tokenizer), tokenizer, name)


def main() -> None:
    """Parse the command line and make the chosen models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=(*CHAT_TEMPLATES, "all"), default="all")
    chosen = parser.parse_args().model
    names = list(CHAT_TEMPLATES) if chosen == "all" else [chosen]
    for name in names:
        make(name)
    for name in names:
        subprocess.run([sys.executable, str(RECIPE / "evaluate.py"), name], check=True)
        write_card(name)


if __name__ == "__main__":
    main()
