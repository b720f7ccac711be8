"""Overhead of the generate job over calling ``LLM.generate`` with the same prompts directly.

Both sides use one loaded model in one process, the same prompts, the same sampling parameters and
log-probs, and run in turns; engine start is left out of both. The job also renders the prompts,
journals every response, sums its log-probs and writes the parquet shard. Bar: medians of wall and
CPU time at most 3 % above the direct call at 2,000 requests.

What the job adds is per request, a fifth of a millisecond, so it shows where answers are short:
``--model models/tiny-direct`` (two milliseconds an answer) misses the bar, 1.12 when last measured.

    python benchmarks/generate.py [--model models/tiny-reasoner] [--requests 2000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
from itc.config.model import Model  # noqa: E402

BAR = 1.03
DRAWS = 16


def main() -> int:
    """Measure, print a table and the JSON line; 1 if the bar is missed."""
    options = parse()
    import pandas as pd
    from itc.config.procedure import Settings
    from itc.engines import vllm
    from itc.engines._base import Params, Request
    from itc.generate import Job, generate_shard
    from itc.procedures._base import Ask, Work

    model = Model(
        title="benchmark",
        reasoning=True,
        model=str(options.model),
        dtype="float32",
        max_model_len=2048,
        max_num_seqs=256,
        threads=options.threads,
        thinking=("<think>", "</think>"),
        logprobs=options.logprobs,
    )
    count = -(-options.requests // DRAWS)
    problems = pd.DataFrame(
        {
            "problem_id": [f"p{i:05d}" for i in range(count)],
            "question": [
                f"What is {i % 90 + 10} + {i * 7 % 90 + 10} - {i % 8 + 1}?" for i in range(count)
            ],
            "answer_type": "number",
        }
    )
    template = (ROOT / "config" / "prompts" / "sample.j2").read_text(encoding="utf-8")
    settings = Settings.of(
        {
            "kind": "sample",
            "temperature": 0.8,
            "top_p": 0.95,
            "max_tokens": options.max_tokens,
            "prompts": {"prompt": template},
        }
    )
    draws = range(DRAWS)
    with vllm.open_engine(model) as engine, tempfile.TemporaryDirectory() as folder:
        # The model is loaded once for both sides: the job's engine start costs nothing here.
        @contextmanager
        def opened(_: Model):
            yield engine

        vllm.open_engine = opened
        rows = problems.to_dict("records")
        work = Work("sums", "toy", "sample", settings, rows, None, draws, 1, None, options.logprobs)
        requests: list[Request] = [
            work.request(Ask(row["problem_id"], d, 0, work.render(question=row["question"])))
            for row in rows
            for d in draws
        ]
        texts = [
            engine.prompter.tokenizer.apply_chat_template(
                list(r.messages), tokenize=False, add_generation_prompt=True
            )
            for r in requests
        ]
        numbers = iter(range(10_000))

        def ours() -> list[list[int]]:
            place = Path(folder) / str(next(numbers))
            job = Job("sums", problems, "sample", settings, "0", None, place / "000.parquet")
            generate_shard(
                model, "toy", [job], place / "journal", 1, draws, on_progress=lambda counts: None
            )
            return [
                list(i) for i in pd.read_parquet(job.output, columns=["token_ids"])["token_ids"]
            ]

        def direct() -> list[list[int]]:
            wanted = [engine.sampling_params(r.params, r.seed) for r in requests]
            found = engine._llm.generate(texts, wanted, use_tqdm=False)
            return [list(output.outputs[0].token_ids) for output in found]

        assert isinstance(requests[0].params, Params)
        if ours() != direct():  # also the warm-up
            raise SystemExit("the two sides do not generate the same tokens")
        measured = take_turns({"ours": ours, "direct": direct}, options.rounds)
    return report(measured, len(requests))


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "tiny-reasoner")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--logprobs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    # One by default: on a busy machine several threads measure the waiting for each other.
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def take_turns(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, list]:
    """(wall, CPU) seconds of each side; who begins alternates."""
    measured: dict[str, list] = {name: [] for name in sides}
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        for name in order:
            wall, cpu = time.perf_counter(), time.process_time()
            sides[name]()
            measured[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            print(f"{name}: wall {measured[name][-1][0]:.2f} s, CPU {measured[name][-1][1]:.2f} s")
    return measured


def report(measured: dict[str, list], requests: int) -> int:
    """Print medians and the JSON line; 1 if wall or CPU misses the bar."""
    wall, cpu = (
        {name: statistics.median(times[i] for times in runs) for name, runs in measured.items()}
        for i in (0, 1)
    )
    ratios = wall["ours"] / wall["direct"], cpu["ours"] / cpu["direct"]
    print(f"{requests} requests: wall ratio {ratios[0]:.3f}, CPU ratio {ratios[1]:.3f}, bar {BAR}")
    line = {
        "name": "generate job against LLM.generate, CPU time",
        "unit": "s",
        "ours": round(cpu["ours"], 3),
        "baseline": round(cpu["direct"], 3),
        "ratio": round(ratios[1], 4),
        "higher_is_better": False,
        "wall_ratio": round(ratios[0], 4),
        "bar": BAR,
    }
    print(json.dumps(line))
    return 0 if max(ratios) <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
