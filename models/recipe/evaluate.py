"""Measure a demo model with vLLM: accuracy, majority vote, lengths and formats.

    python models/recipe/evaluate.py tiny-reasoner [--problems 20]

Writes ``evaluation.json`` into the model's folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from corpus import EMPTY_THINKING, chat_template
from formats import CLOSE, NAMES, render, summary
from solve import HEDGES
from tasks import LEVELS, Problem, study_problems
from tokenizer import END_THINK, MAX_LENGTH, THINK
from vllm import LLM, RequestOutput, SamplingParams

MODELS = Path(__file__).resolve().parents[1]
DRAWS = 16
TEMPERATURE = 0.8
MAX_TOKENS = 512
FORCE = CLOSE + "Therefore, the answer is \\boxed{"
HEDGING = re.compile("|".join(re.escape(word.strip()) for word in HEDGES), re.IGNORECASE)
FORMATS = {
    "sample_plain": r"Answer: -?\d+",
    "judge_score": r"Score: ([1-9]|10)\b",
    "judge_yesno": r"^(Yes|No)\b",
    "critique": r"\w",
    "summarize": r"\w",
    "select": r"Response: \d+",
    "forced": r"^-?\d+\}",
}
BOXED = r"\\boxed\{(-?\d+)\}"


def visible(text: str) -> str:
    """Return a response without its thinking; unclosed thinking leaves nothing."""
    if END_THINK in text:
        return text.rsplit(END_THINK, 1)[1].strip()
    return "" if THINK in text else text.strip()


def answer(text: str) -> int | None:
    """Return the final boxed integer, if there is one."""
    found = re.findall(BOXED, visible(text))
    return int(found[-1]) if found else None


def majority(values: Sequence[int | None]) -> int | None:
    """Return the most frequent answer."""
    counts = Counter(value for value in values if value is not None)
    return counts.most_common(1)[0][0] if counts else None


class Sampler:
    """One vLLM engine that draws with a seed of its own for every request."""

    def __init__(self, name: str):
        self.name = name
        self.engine = LLM(
            model=str(MODELS / name),
            dtype="float32",
            max_model_len=MAX_LENGTH,
            enforce_eager=True,
            enable_chunked_prefill=False,  # on a CPU a cut prompt with a seed ends the engine
        )

    def prompt(self, template: str, problem: Problem, **values: object) -> str:
        """Render a study prompt as this model's chat."""
        messages = [{"role": "user", "content": render(template, problem, **values)}]
        return chat_template(self.name).render(messages=messages, add_generation_prompt=True)

    def draw(self, prompts: list[str], seed: int) -> list[RequestOutput]:
        """Draw one completion per prompt."""
        params = [
            SamplingParams(temperature=TEMPERATURE, max_tokens=MAX_TOKENS, seed=seed + index)
            for index in range(len(prompts))
        ]
        return self.engine.generate(prompts, params, use_tqdm=False)


def measure_sampling(sampler: Sampler, problems: list[Problem], seed: int) -> dict[str, Any]:
    """Draw ``DRAWS`` responses per problem; return texts and the numbers of one level."""
    prompts = [sampler.prompt("sample", problem) for problem in problems for _ in range(DRAWS)]
    outputs = [request.outputs[0] for request in sampler.draw(prompts, seed)]
    texts = [output.text for output in outputs]
    parsed = [answer(text) for text in texts]
    rights = [value == problems[i // DRAWS].answer for i, value in enumerate(parsed)]
    groups = [parsed[i : i + DRAWS] for i in range(0, len(parsed), DRAWS)]
    tokens = [len(output.token_ids) for output in outputs]
    votes = [majority(group) == p.answer for group, p in zip(groups, problems, strict=True)]
    hedges = {
        right: [len(HEDGING.findall(t)) for t, r in zip(texts, rights, strict=True) if r == right]
        for right in (True, False)
    }
    lengths = {
        right: [n for n, r in zip(tokens, rights, strict=True) if r == right]
        for right in (True, False)
    }
    return {
        "texts": texts,
        "single": fmean(rights),
        "majority_16": fmean(votes),
        "distinct_16": fmean(len(set(group)) for group in groups),
        "tokens": fmean(tokens),
        "format": fmean(value is not None for value in parsed),
        "hedges_right": fmean(hedges[True] or [0]),
        "hedges_wrong": fmean(hedges[False] or [0]),
        "tokens_right": fmean(lengths[True] or [0]),
        "tokens_wrong": fmean(lengths[False] or [0]),
    }


def procedures(
    sampler: Sampler, problem: Problem, texts: list[str], critique: str
) -> dict[str, str]:
    """Return the prompt of every procedure for one problem and its sampled responses."""
    shown = [visible(text) or text for text in texts]
    answers = [answer(text) for text in texts]
    rng = random.Random(problem.question)
    values = {
        "response": shown[0],
        "answer": answers[0],
        "critique": critique,
        "answers": answers[:8],
        "responses": shown[:8],
        "summaries": [summary(problem, value or 0, rng) for value in answers[:8]],
    }
    names = [name for name in NAMES if name != "sample"]
    prompts = {name: sampler.prompt(name, problem, **values) for name in names}
    if sampler.name == "tiny-reasoner":
        chat = sampler.prompt("sample", problem)
        thinking = texts[0].split(END_THINK)[0]
        prompts["no_thinking"] = chat + EMPTY_THINKING
        prompts["forced"] = chat + thinking[: len(thinking) // 2] + FORCE
        prompts["extended"] = chat + thinking + "Wait"
    return prompts


def well_formed(name: str, text: str, finished: bool) -> bool:
    """Tell whether an output can be parsed by its procedure."""
    shown = text if name == "forced" else visible(text)
    return finished and bool(re.search(FORMATS.get(name, BOXED), shown))


def measure_procedures(
    sampler: Sampler, cases: list[tuple[Problem, list[str]]]
) -> dict[str, dict[str, float]]:
    """Run every procedure once per problem; return format rates and, where apt, accuracies."""
    critiques = sampler.draw(
        [sampler.prompt("critique", p, response=visible(t[0]) or t[0]) for p, t in cases], 70_000
    )
    prompts = [
        procedures(sampler, problem, texts, visible(critique.outputs[0].text))
        for (problem, texts), critique in zip(cases, critiques, strict=True)
    ]
    result = {}
    for index, name in enumerate(prompts[0]):
        requests = sampler.draw([prompt[name] for prompt in prompts], 80_000 + 1000 * index)
        outputs = [request.outputs[0] for request in requests]
        result[name] = {
            "format": fmean(well_formed(name, o.text, o.finish_reason == "stop") for o in outputs),
            "tokens": fmean(len(output.token_ids) for output in outputs),
            "right": fmean(
                correct(name, output.text, problem, texts)
                for output, (problem, texts) in zip(outputs, cases, strict=True)
            ),
        }
    return result


def correct(name: str, text: str, problem: Problem, texts: list[str]) -> bool:
    """Tell whether an output is right: its answer, its judgement or the response it picks."""
    shown = visible(text)
    first = answer(texts[0]) == problem.answer
    number = re.search(r"-?\d+", shown)
    if name == "judge_score":
        return number is not None and (int(number[0]) > 5) == first
    if name == "judge_yesno":
        return shown.startswith("Yes") == first
    if name == "critique":
        return (" is correct" in shown) == first
    if name == "select":
        index = int(number[0]) if number else 0
        return 1 <= index <= 8 and answer(texts[index - 1]) == problem.answer
    if name == "summarize":
        return str(answer(texts[0])) in shown
    if name == "sample_plain":
        return shown.endswith(f"Answer: {problem.answer}")
    if name == "forced":
        return text.startswith(f"{problem.answer}}}")
    return answer(text) == problem.answer


def main() -> None:
    """Evaluate one model and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=("tiny-reasoner", "tiny-direct"))
    parser.add_argument("--problems", type=int, default=20)
    arguments = parser.parse_args()
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
    sampler = Sampler(arguments.model)
    levels, cases = {}, []
    for index, (task, level) in enumerate((t, lv) for t in LEVELS for lv in LEVELS[t]):
        problems = study_problems(task, level, arguments.problems)
        numbers = measure_sampling(sampler, problems, 10_000 * index)
        texts = numbers.pop("texts")
        cases += [(p, texts[i * DRAWS : (i + 1) * DRAWS]) for i, p in enumerate(problems)]
        levels[f"{task}/{level}"] = numbers
        print(task, level, {key: round(value, 3) for key, value in numbers.items()}, flush=True)
    mean = {key: fmean(row[key] for row in levels.values()) for key in next(iter(levels.values()))}
    result = {
        "problems_per_level": arguments.problems,
        "temperature": TEMPERATURE,
        "levels": levels,
        "mean": mean,
        "procedures": measure_procedures(sampler, cases),
        "example": cases[0][1][0],
    }
    rounded = json.loads(json.dumps(result), parse_float=lambda text: round(float(text), 4))
    path = MODELS / arguments.model / "evaluation.json"
    path.write_text(json.dumps(rounded, indent=2) + "\n")


if __name__ == "__main__":
    main()
