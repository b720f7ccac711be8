"""Rules of other projects that read an answer from a reply and compare it with the gold answer.

A rule is made once (`make`) and then called with items: ``text``, ``gold``, ``answer_type``
(``math``, ``number`` or ``choice``) and ``choices``. It returns True or False, or None where it
read nothing from the reply; its project scores that as wrong. A rule with ``package`` runs the
project's own code from the folder of peers, one without is restated from the named source.

A new rule is a function here and an entry in `RULES`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
Judge = Callable[[Item], bool | None]

PLAIN_NUMBER = re.compile(r"-?[$]?[\d,]+(?:\.\d+)?")


@dataclass(frozen=True)
class Rule:
    """One rule: what it is made for, where it comes from, and how it is made."""

    types: tuple[str, ...]
    source: str
    make: Callable[[], Judge]
    package: str | None = None
    numbers_only: bool = False

    def asked(self, item: Item) -> bool:
        """Whether the rule is made for this item."""
        if self.numbers_only:
            return item["answer_type"] in ("math", "number") and bool(
                PLAIN_NUMBER.fullmatch(str(item["gold"]).strip().strip("$"))
            )
        return item["answer_type"] in self.types


def letters(item: Item) -> tuple[str, ...]:
    return tuple(chr(ord("A") + place) for place in range(len(item["choices"] or "ABCD")))


def _math_verify() -> Judge:
    from math_verify import StringExtractionConfig, parse, verify

    def judge(item: Item) -> bool | None:
        gold, options = str(item["gold"]), {"parsing_timeout": None}
        if item["answer_type"] == "choice":
            config = [StringExtractionConfig(strings=letters(item))]
            parsed = parse(gold, config, **options), parse(item["text"], config, **options)
        else:
            delimited = gold if "$" in gold or "\\boxed" in gold else f"${gold}$"
            parsed = parse(delimited, **options), parse(item["text"], **options)
        return verify(*parsed, timeout_seconds=None) if parsed[1] else None

    return judge


def _plain(text: str) -> str:
    """What lm-eval's GSM8K tasks ignore in both strings before they compare them."""
    for ignored in (",", r"\$", r"(?s).*#### ", r"\.$"):
        text = re.sub(ignored, "", text)
    return text.lower().strip()


def _lm_eval_number(pattern: str, group: int) -> Callable[[], Judge]:
    """A GSM8K task of lm-eval: its filter from the package, its pattern from the task's file."""

    def make() -> Judge:
        from lm_eval.filters.extraction import RegexFilter

        filters = RegexFilter(regex_pattern=pattern, group_select=group)

        def judge(item: Item) -> bool | None:
            found = next(iter(filters.apply([[item["text"]]], [{}])))[0]
            if found == "[invalid]":
                return None
            return _plain(found) == _plain(str(item["gold"]).strip("$"))

        return judge

    return make


def _lm_eval_minerva() -> Judge:
    from lm_eval.tasks.minerva_math import utils

    def judge(item: Item) -> bool | None:
        found = utils.get_unnormalized_answer(item["text"])
        if found == "[invalidanswer]":
            return None
        gold = utils.normalize_final_answer(str(item["gold"]))
        return bool(utils.is_equiv(utils.normalize_final_answer(found), gold))

    return judge


def _lm_eval_choice() -> Judge:
    from lm_eval.filters.extraction import MultiChoiceRegexFilter

    filters = MultiChoiceRegexFilter(
        regex_pattern=r"(\([A-Z]\))", group_select=-1, ignore_case=True, ignore_punctuation=True
    )

    def judge(item: Item) -> bool | None:
        doc = {"choices": item["choices"] or list("ABCD")}
        found = next(iter(filters.apply([[item["text"]]], [doc])))[0]
        return None if found == "[invalid]" else found == f"({item['gold']})"

    return judge


def _qwen() -> Judge:
    from _peer_qwen import clean, equal, extract, letter

    def judge(item: Item) -> bool | None:
        if item["answer_type"] == "choice":
            found = letter(item["text"])
            return found == item["gold"] if found else None
        found = extract(item["text"])
        return equal(found, clean(str(item["gold"]))) if found else None

    return judge


_ANSWER_LINE = re.compile(r"Answer\s*:\s*([^\n]+)", re.IGNORECASE)
_ANSWER_LETTER = re.compile(r"Answer[ \t]*:[ \t]*\$?([A-Z])\$?", re.IGNORECASE)


def _simple_evals() -> Judge:
    """`Answer:` lines. The source asks a model whether two answers are equal: Math-Verify here."""
    compare = _math_verify()

    def judge(item: Item) -> bool | None:
        text, gold = item["text"], str(item["gold"])
        if item["answer_type"] == "choice":
            text = re.sub(r"\*\*|\\\$|\$|\\text|\\boxed|\\\(|\\mathrm|\\mathbf|\{", "", text)
            found = _ANSWER_LETTER.search(text)
            return found[1].upper() == gold if found else None
        if item["answer_type"] == "number":
            after = text.rsplit("Answer", 1)[1] if "Answer" in text else ""
            numbers = re.findall(r"\d+\.?\d*", after.replace(",", ""))
            if not numbers:
                return None
            number = numbers[-1].rstrip(".")
            number = number.rstrip("0").rstrip(".") if "." in number else number
            return number == gold.replace(",", "")
        line = _ANSWER_LINE.search(text)
        return compare({**item, "text": f"${line[1].strip('$ ')}$"}) if line else None

    return judge


def _lighteval() -> Judge:
    logging.disable(logging.WARNING)
    from lighteval.metrics.dynamic_metrics import MultilingualExtractiveMatchMetric
    from lighteval.metrics.utils.extractive_match_utils import (
        ExprExtractionConfig,
        IndicesExtractionConfig,
        LatexExtractionConfig,
    )
    from lighteval.models.model_output import ModelResponse
    from lighteval.tasks.requests import Doc

    values = (ExprExtractionConfig(), LatexExtractionConfig())
    indices = [IndicesExtractionConfig(prefix_for_extraction="NativeLetters")]
    value = MultilingualExtractiveMatchMetric(
        gold_extraction_target=values, pred_extraction_target=values, precision=6
    )
    choice = MultilingualExtractiveMatchMetric(
        gold_extraction_target=indices, pred_extraction_target=indices, precision=6
    )

    def judge(item: Item) -> bool | None:
        if item["answer_type"] == "choice":
            metric, names = choice, list(letters(item))
            if item["gold"] not in names:
                return None
            doc = Doc(query="", choices=names, gold_index=names.index(item["gold"]))
        else:
            gold = str(item["gold"])
            delimited = gold if "$" in gold or "\\boxed" in gold else f"${gold}$"
            metric, doc = value, Doc(query="", choices=[delimited], gold_index=0)
        score = metric.compute(doc, ModelResponse(text=[item["text"]]))
        read = (doc.specific or {}).get("extracted_predictions")
        return bool(score) if read else None

    return judge


LM_EVAL, LIGHTEVAL = "lm_eval==0.4.13", "lighteval==0.13.0"
RULES = {
    "Math-Verify": Rule(("math", "number", "choice"), "math-verify, locked", _math_verify),
    "lm-eval strict-match": Rule(
        (), "GSM8K task", _lm_eval_number(r"#### (\-?[0-9\.\,]+)", 0), LM_EVAL, True
    ),
    "lm-eval flexible-extract": Rule(
        (), "GSM8K task", _lm_eval_number(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1), LM_EVAL, True
    ),
    "lm-eval minerva": Rule(("math", "number"), "minerva_math task", _lm_eval_minerva, LM_EVAL),
    "lm-eval multi_choice_regex": Rule(("choice",), "BBH, MMLU tasks", _lm_eval_choice, LM_EVAL),
    "Qwen2.5-Math": Rule(("math", "number", "choice"), "restated, _peer_qwen.py", _qwen),
    "simple-evals": Rule(("math", "number", "choice"), "restated from its files", _simple_evals),
    "lighteval": Rule(("math", "number", "choice"), "its extractive match", _lighteval, LIGHTEVAL),
}
