"""Write a demo model's card from its recorded loss curve and its measured numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tasks import LEVELS

MODELS = Path(__file__).resolve().parents[1]
ABOUT = {
    "tiny-reasoner": (
        "thinks step by step inside `<think>...</think>` in short English sentences, then answers "
        "with `\\boxed{...}`. It errs at times, notices some of its errors, and hedges more often "
        "before a wrong step than before a right one, because its training texts do. The chat "
        "template's `enable_thinking=false` fills in empty thinking and makes it answer at once."
    ),
    "tiny-direct": "answers with `\\boxed{...}` at once, without thinking.",
}
START = {
    "tiny-reasoner": "a first run on small problems, then a second one on all of them:",
    "tiny-direct": "tiny-reasoner's first run, then a run of its own without thinking:",
}
TEXT = """\
---
license: mit
language: en
library_name: transformers
pipeline_tag: text-generation
---

# {name}

A language model of 0.95 million parameters that {about}

**It demonstrates the machinery of this study and is no evidence about large language models.** Its
arithmetic, its hedges and its self-corrections are imitations of a synthetic corpus; how its
accuracy responds to more inference-time compute says nothing about models trained on natural text.

- Architecture: `LlamaForCausalLM`, 4 layers of width 128, 4 heads, 768 tokens (ByteLevel BPE with
  single digits), at most 2,048 positions, bfloat16 weights. Trained on sequences of at most 448
  tokens; much longer ones are beyond what it has seen.
- Both demo models have the same shape, tokenizer and training problems; they share a first
  training run and differ in whether the texts of the second one think.
- Licence: MIT.

## How it was trained

`python models/recipe/train.py --model {name}`:
{start}
{tokens:,} tokens in all ({steps:,} steps, {minutes:.0f} minutes on one thread of a busy machine).
The corpus is generated on the fly from the two reasoning-gym tasks `chain_sum` and `leg_counting`,
with generator seeds of at least 10,000,000; every prompt is rendered from `config/prompts`. Study
seeds stay below 1,000,000, but small problems are few, and questions of the study also occur in the
training texts by chance: among 120,000 random training problems all 19 different easy chain sums, 5
of 20 medium ones, 4 of 20 easy leg counts, and none of the others. The loss counts the assistant's
text only.

| step | tokens | loss |
| ---: | ---: | ---: |
{curve}

The whole curve is in `training.csv`.

## Measured

`python models/recipe/evaluate.py {name} --problems {problems}` with vLLM (float32, temperature
{temperature}, {problems} problems per level, 16 draws each, prompt `sample.j2`). "Majority" is the
vote over the 16 draws; "distinct" counts different answers among them.

| data set | single draw | majority of 16 | distinct | tokens | answer found |
| --- | ---: | ---: | ---: | ---: | ---: |
{levels}

{hedges}Every other prompt, once per problem ("well-formed": finished and parsed by its procedure;
"right": right answer, judgement, critique, summary or selection):

| procedure | well-formed | right | tokens |
| --- | ---: | ---: | ---: |
{procedures}

`forced` cuts the thinking in half, closes it and forces `Therefore, the answer is \\boxed{{`;
`extended` appends `Wait` in place of `</think>`; `no_thinking` is `enable_thinking=false`. The
formats are learned throughout; judgements and critiques are no better than saying the same of every
response, and answers without complete thinking are mostly wrong.

## Level settings

{settings}

## Example

```text
{example}
```
"""


def _curve(rows: list[dict[str, str]]) -> str:
    chosen = sorted({min(len(rows) - 1, round(i * (len(rows) - 1) / 11)) for i in range(12)})
    return "\n".join(
        f"| {int(rows[i]['step']):,} | {int(rows[i]['tokens']):,} | {float(rows[i]['loss']):.3f} |"
        for i in chosen
    )


def _level(name: str, row: dict[str, float]) -> str:
    return (
        f"| {name} | {row['single']:.2f} | {row['majority_16']:.2f} | {row['distinct_16']:.1f} "
        f"| {row['tokens']:.0f} | {row['format']:.2f} |"
    )


def _hedges(name: str, mean: dict[str, float]) -> str:
    if name != "tiny-reasoner":
        return ""
    return (
        f"Hedging words per response: {mean['hedges_right']:.2f} in right and "
        f"{mean['hedges_wrong']:.2f} in wrong ones. Tokens: {mean['tokens_right']:.0f} in right, "
        f"{mean['tokens_wrong']:.0f} in wrong ones\n(means over the six data sets).\n\n"
    )


def write_card(name: str) -> None:
    """Write ``README.md`` into the folder of one model."""
    folder = MODELS / name
    with (folder / "training.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    numbers: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    levels = [_level(key, row) for key, row in numbers["levels"].items()]
    text = TEXT.format(
        name=name,
        about=ABOUT[name],
        start=START[name],
        tokens=int(rows[-1]["tokens"]),
        steps=int(rows[-1]["step"]),
        minutes=float(rows[-1]["seconds"]) / 60,
        curve=_curve(rows),
        problems=numbers["problems_per_level"],
        temperature=numbers["temperature"],
        levels="\n".join([*levels, _level("**mean**", numbers["mean"])]),
        hedges=_hedges(name, numbers["mean"]),
        procedures="\n".join(
            f"| {key} | {row['format']:.2f} | {row['right']:.2f} | {row['tokens']:.0f} |"
            for key, row in numbers["procedures"].items()
        ),
        settings="\n".join(
            f"- `{task}` {level}: " + ", ".join(f"`{k}: {v}`" for k, v in params.items())
            for task, chosen in LEVELS.items()
            for level, params in chosen.items()
        ),
        example=numbers["example"],
    )
    (folder / "README.md").write_text(text)
