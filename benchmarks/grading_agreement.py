"""Our grader beside the answer rules of other projects, on the same replies.

    RECORDINGS=folder python benchmarks/grading_agreement.py [--peers FOLDER] [--sample N]

Graded are our cases (`tests/unit/grading/cases`), the designed pairs, and a drawn sample of the
recorded responses; without RECORDINGS the cases alone. Rules of lm-eval and lighteval are their
packages' own code; install each, with its versions, in a folder of its own:

    pip install --no-deps --target FOLDER/lm_eval -r benchmarks/peers-lm_eval.txt
    pip install --no-deps --target FOLDER/lighteval -r benchmarks/peers-lighteval.txt

Without --peers their rows say so. The rules of Qwen2.5-Math and simple-evals, which publish no
package, are restated (`_peer_qwen.py`, `_peer_rules.py`). Every rule runs in its own process.

Printed are, per rule, right decisions by answer type; replies called right that are not; replies it
left undecided or read nothing from; agreement with us on recorded responses; CPU seconds. "Nothing
read" counts as right where undecided or wrong is. A decision of Math-Verify that is right where
ours is not has to have a reason in `_agreement_reasons.py`, or the exit status is 1; so it is where
another rule makes more right decisions on the cases of one answer type than ours. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]

from _agreement_reasons import REASONS  # noqa: E402
from _agreement_rows import TYPES, cases, designed, graded, recorded  # noqa: E402
from _peer_rules import RULES  # noqa: E402

OURS = "ours"


def cpu() -> float:
    """CPU seconds of this process and of children that have ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def ours(items: list[dict[str, Any]]) -> tuple[list[str], float]:
    """Our verdicts and their CPU seconds, workers included."""
    from itc.grading import _pool

    start = cpu()
    found = graded(items, workers=2)
    _pool.shared(2).close()  # the CPU time of workers counts once they have ended
    for item, answer, how, cause in zip(
        items, found["answer"], found["answer_how"], found["cause"], strict=True
    ):
        item["ours"] = f"{str(answer)[:60]!r} ({how}, {cause})"
    return list(found["verdict"]), cpu() - start


def theirs(
    name: str, items: list[dict[str, Any]], peers: Path | None
) -> tuple[list[str | None], float] | str:
    """Verdicts of a rule (None where it is not made for an item) and its CPU seconds.

    A text where the rule cannot run: the reason.
    """
    rule = RULES[name]
    command = [sys.executable, str(HERE / "_peer_worker.py"), name]
    if rule.package and peers is None:
        return f"not run: {rule.package} is in no folder of --peers"
    asked = [item for item in items if rule.asked(item)]
    words = {True: "right", False: "wrong"}
    with tempfile.TemporaryDirectory() as folder:
        given, verdicts = Path(folder, "items"), Path(folder, "verdicts")
        verdicts.touch()
        place = [str(peers / rule.package.partition("==")[0])] if rule.package and peers else []
        kept = ("answer_type", "gold", "choices", "text")
        while (done := verdicts.read_text("utf-8").count("\n")) < len(asked):
            rest = [json.dumps({key: item[key] for key in kept}) for item in asked[done:]]
            given.write_text("\n".join(rest) + "\n", encoding="utf-8")
            call = [*command, str(given), str(verdicts), *place]
            ended = subprocess.run(call, stderr=subprocess.PIPE, text=True, check=False)
            if ended.returncode == 3:
                return f"not run: {ended.stderr.strip().splitlines()[-1]}"
            if verdicts.read_text("utf-8").count("\n") < len(asked):  # ended by the kernel
                with verdicts.open("a", encoding="utf-8") as lines:
                    lines.write('["timeout", 8]\n')
        lines = [json.loads(line) for line in verdicts.read_text("utf-8").splitlines()]
    found = iter(words.get(verdict, "nothing read") for verdict, _ in lines)
    row = [next(found) if rule.asked(item) else None for item in items]
    return row, sum(seconds for _, seconds in lines)


def right(item: dict[str, Any], verdict: str | None) -> bool:
    """Whether a verdict is one that the item expects; nothing read counts as undecided or wrong."""
    if verdict == "nothing read":
        return "wrong" in item["expected"] or "undecided" in item["expected"]
    return verdict in item["expected"]


def share(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "–"


def table(lines: list[list[str]]) -> None:
    """Print a table in the form that docs/grading.md shows."""
    print(f"\n| {' | '.join(lines[0])} |\n|{'---|' * len(lines[0])}")
    for line in lines[1:]:
        print(f"| {' | '.join(line)} |")


def decisions(
    items: list[dict[str, Any]], found: dict[str, list[str | None]], notes: dict[str, str]
) -> dict[str, dict[str, int]]:
    """Print right decisions on items with a truth; by rule and column, how many are right."""
    columns = [*TYPES, *(["designed pairs"] if any(i["set"] != "cases" for i in items) else [])]
    lines = [["rule", *columns, "wrongly right", "undecided or nothing read"]]
    counts: dict[str, dict[str, int]] = {}
    for name, verdicts in found.items():
        row, counts[name] = [name], {}
        for column in columns:
            here = [
                (item, verdict)
                for item, verdict in zip(items, verdicts, strict=True)
                if verdict
                and column == (item["set"] if item["set"] != "cases" else item["answer_type"])
            ]
            counts[name][column] = sum(right(*pair) for pair in here)
            row.append(share(counts[name][column], len(here)))
        made = [pair for pair in zip(items, verdicts, strict=True) if pair[1]]
        wrongly = sum(v == "right" and "right" not in i["expected"] for i, v in made)
        silent = Counter(v in ("undecided", "nothing read") for _, v in made)[True]
        lines.append([*row, str(wrongly), share(silent, len(made))])
    lines += [[name, *["–"] * len(columns), "–", why] for name, why in notes.items()]
    table(lines)
    return counts


def agreement(
    items: list[dict[str, Any]], found: dict[str, list[str | None]], seconds: dict[str, float]
) -> None:
    """Print how often a rule agrees with us, and with the source's grade, on recorded responses."""
    sets = sorted({item["set"] for item in items})
    lines = [["rule", *(f"{s}: as ours / as its source" for s in sets), "nothing read", "CPU s"]]
    mine = found[OURS]
    for name, verdicts in found.items():
        row = [name]
        for kind in sets:
            here = [
                (v == "right", m == "right", item["recorded"])
                for item, v, m in zip(items, verdicts, mine, strict=True)
                if v and item["set"] == kind
            ]
            same = [sum(v == other[k] for v, *other in here) for k in (0, 1)]
            part = [f"{100 * n / len(here):.1f} %" if here else "–" for n in same]
            row.append(f"{part[0]} / {part[1]} of {len(here)}")
        silent = sum(v in ("undecided", "nothing read") for v in verdicts)
        lines.append([*row, str(silent), f"{seconds[name]:.1f}"])
    table(lines)


def lost(items: list[dict[str, Any]], found: dict[str, list[str | None]]) -> list[str]:
    """Items that Math-Verify decides rightly and we do not; printed with their reason."""
    without = []
    pairs = zip(items, found[OURS], found["Math-Verify"], strict=True)
    print("\nright by Math-Verify, not by us:")
    for item, mine, other in pairs:
        if item["expected"]:
            differs = other in item["expected"] and mine not in item["expected"]
        else:
            truth = "right" if item["recorded"] else "wrong"
            differs = other == truth and (mine == "right") != item["recorded"]
        if not differs:
            continue
        reason = REASONS.get(item["id"], "")
        without += [] if reason else [item["id"]]
        print(
            f"  {item['set']}, {item['id']}: gold {str(item['gold'])[:50]!r}, ours {mine} from "
            f"{item['ours']}; {reason or 'NO REASON'}"
        )
    return without


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, help="folder with lm_eval/ and lighteval/")
    parser.add_argument("--sample", type=int, default=1000, help="rows of each recorded set")
    parser.add_argument(
        "--rules", nargs="+", choices=RULES, default=list(RULES), metavar="RULE", help="these alone"
    )
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    items, left = cases()
    print(f"{len(items)} cases; no other rule grades these: {dict(left)}")
    folder = os.environ.get("RECORDINGS")
    if folder:
        items += designed(Path(folder)) + recorded(Path(folder), options.sample)
    else:
        print("RECORDINGS names no folder of recorded responses: cases alone", file=sys.stderr)
    truth = [item for item in items if item["expected"]]
    without: list[str] = []
    counts: dict[str, dict[str, int]] = {}
    for part in (truth, [item for item in items if not item["expected"]]):
        if not part:
            continue
        verdicts, spent = ours(part)
        found: dict[str, list[str | None]] = {OURS: list(verdicts)}
        seconds, notes = {OURS: spent}, {}
        for name in dict.fromkeys(["Math-Verify", *options.rules]):
            made = theirs(name, part, options.peers)
            if isinstance(made, str):
                notes[name] = made
            else:
                found[name], seconds[name] = made
        if part is truth:
            counts = decisions(part, found, notes)
            print("CPU s:", ", ".join(f"{k} {v:.1f}" for k, v in seconds.items()))
        else:
            agreement(part, found, seconds)
        without += lost(part, found)
    best = all(counts[OURS][kind] >= other[kind] for other in counts.values() for kind in TYPES)
    own = sum(counts[OURS][kind] for kind in ("math", "number", "choice"))
    base = sum(counts["Math-Verify"][kind] for kind in ("math", "number", "choice"))
    result = {
        "name": "grading_agreement",
        "unit": "right decisions on cases",
        "ours": own,
        "baseline": base,
        "ratio": round(own / base, 3),
        "higher_is_better": True,
    }
    print(f"\nwithout a reason: {without or 'none'}; most right decisions on the cases: {best}")
    print(json.dumps(result))
    return int(bool(without) or not best)


if __name__ == "__main__":
    sys.exit(main())
