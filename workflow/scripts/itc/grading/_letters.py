"""Statements of a letter, ranked: what names the answer, what calls an option correct, conclusions.

1. a last line "Answer: C", a box, a tag, JSON (``choice.extract``);
2. ``announced``: "the answer is (C)", "Answer: C", in several languages, or a choice's text there;
3. ``declared``: "C is correct", "option C is the best answer";
4. ``concluded``: "I'd go with C", "thus (C)", "I choose C";
5. ``alone``: a line that is only a letter, a reply that begins with one, or is a choice's text.

Within a rank the last statement counts. One that denies ("not A", "C is incorrect") or supposes
("if C is correct") is passed over; one that names two letters ends the search without an answer.
"""

from __future__ import annotations

import re

from itc.grading._announced import NEGATIVE, anchors
from itc.grading._formulas import squeeze
from itc.grading._letter_patterns import CONNECTIVE, rules

SEVERAL = ","  # more than one letter was stated
_FULL_WIDTH = {ord("Ａ") + i: chr(ord("A") + i) for i in range(26)}
_FULL_WIDTH |= {ord("："): ":", ord("（"): "(", ord("）"): ")", ord("．"): ".", ord("，"): ","}
_DRESS = re.compile(
    r"\\(?:text|mathrm|textbf|mathbf|textit|mathit|boxed|rm|bf)(?![A-Za-z])|[{}$*_`~]|\\[()\[\]]"
)
_SPACE = re.compile(r"\s{1,9}+")
LINE = 400
_ANSWER_LINE = re.compile(
    r"(?<![\W_])[\W_]*+(?:final\s{1,9}+|correct\s{1,9}+|my\s{1,9}+)?answer\s{0,9}+[:：]",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"(?:definitely\s{1,9}+|clearly\s{1,9}+|certainly\s{1,9}+|probably\s{1,9}+)?(?:not\b"
    r"|neither\b|none\b|never\b|n['’]t\b|unlikely\b)",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r"not\s{1,9}+(?:[^\s.]{1,30}\s{1,9}+){1,3}?but\s{1,9}+(?:rather\s{1,9}+)?", re.IGNORECASE
)
_NEGATED = re.compile(
    r"\b(?:not|n['’]t|never|cannot|rather\s{1,9}+than|instead\s{1,9}+of|without"
    r"|did\s{1,9}+not|nor|neither|tempted\s{1,9}+to|"
    r"reject(?:ed|ing)?|rul(?:e|ed|ing)\s{1,9}+out|if|whether|unless|suppose|supposing"
    r"|assume|assuming|"
    r"tempting\s{1,9}+to|would(?:\s{1,9}+have)?|when|why|could|might|may)\b[^.;\n]{0,25}$",
    re.IGNORECASE,
)


def full_width(text: str) -> str:
    """``text`` with full-width letters and signs as the usual ones."""
    return text.translate(_FULL_WIDTH)


def undress(text: str) -> str:
    """``text`` without markup, with usual letters."""
    return _DRESS.sub("", full_width(text).replace("\0", " "))


class Reader:
    """Reads letters of one problem: ``offered`` letters and the ``choices``' texts, if known."""

    def __init__(self, offered: str, choices: tuple[str, ...]):
        self.offered, self.choices = offered, choices
        self.rules = rules(offered)

    def closing_line(self, text: str) -> str | None:
        """Letter of a last line "Answer: X" behind any box."""
        end = text.rstrip(" \t\n*-_$`]}\\\"'")
        line = text[end.rfind("\n") + 1 :][:LINE]
        if "boxed" in line or not _ANSWER_LINE.match(full_width(line)):
            return None
        return self.announced(squeeze(undress(line)))

    def content(self, content: str, boxed: bool) -> str | None:
        """Letter of a box's, tag's or JSON value's content: a letter, or the text of a choice."""
        bare = undress(content).strip()
        named = self._text(bare, whole=True)
        if named:
            return named
        letter = self._stated(bare, dressed_only=False)
        if letter:
            return letter
        word = self.rules["option"].match(bare)
        if word:
            return word.group(1).upper()
        return None if boxed else (self.announced(bare) or self.declared(bare))

    def announced(self, tail: str) -> str | None:
        """What the last announcement of an answer announces."""
        for anchor in anchors(tail):
            line = tail[anchor.end() : anchor.end() + LINE]
            before = tail[max(0, anchor.start() - 40) : anchor.start()]
            if _NEGATED.search(before) or NEGATIVE.search(anchor.group()):
                continue
            found = self._behind(line)
            if found:
                return found
        return self._of_kind(tail, "correct_option")

    def _behind(self, line: str) -> str | None:
        line = line.lstrip(" \t\n:*_")
        if _NOT.match(line):
            contrast = _NOT_BUT.match(line)
            if contrast is None:
                return None
            line = line[contrast.end() :]
        first = line.split("\n", 1)[0]
        return self._text(first, whole=False) or self._stated(line, dressed_only=False)

    def declared(self, tail: str) -> str | None:
        """The letter that is last called correct."""
        return self._of_kind(tail, "is_correct")

    def concluded(self, tail: str) -> str | None:
        """The letter that is chosen, or that follows "thus" and the like."""
        return self._of_kind(tail, "chosen")

    def _of_kind(self, tail: str, rule: str) -> str | None:
        for found in reversed(list(self.rules[rule].finditer(tail))[-64:]):
            before = tail[max(0, found.start() - 40) : found.start()]
            if _NEGATED.search(before):
                continue
            letter = next(group for group in found.groups() if group)
            at = found.start(found.lastindex or 0)
            if rule == "is_correct":
                return self._joined(tail, found) or letter.upper()
            stated = self._stated(tail[at - _opening(tail, at) : at + LINE], dressed_only=False)
            if stated:
                return stated
        return None

    def _joined(self, tail: str, found: re.Match[str]) -> str | None:
        """SEVERAL where the letter is one of several: "A and C are correct"."""
        before = tail[max(0, found.start() - 12) : found.start()]
        behind = self.rules["more"].match(tail, found.end(found.lastindex or 0))
        return SEVERAL if behind or self.rules["joined"].search(before) else None

    def alone(self, tail: str, short: int) -> str | None:
        """A last line that is only a letter; a short reply that begins with one or is a choice."""
        lines = self.rules["alone"].findall(tail)
        if lines:
            return str(lines[-1]).upper()
        bare = tail.strip()
        if len(bare) < short:
            named = self._text(bare, whole=True)
            if named:
                return named
            if self.rules["leading"].match(bare):
                if len({label.upper() for label in self.rules["label"].findall(bare)}) > 1:
                    return SEVERAL  # the list of options once more, none of them chosen
                return self._stated(bare, dressed_only=True)
        last = bare.rsplit("\n", 1)[-1]
        option = self.rules["option"].fullmatch(last.strip(" ."))
        return option.group(1).upper() if option else self._text(last, whole=True)

    def _stated(self, line: str, dressed_only: bool) -> str | None:
        """The letter at the beginning of ``line``; SEVERAL where others are joined to it."""
        found = self.rules["stated"].match(line)
        if found is None:
            return None
        letter = found.group("a") or found.group("b") or found.group("c")
        rest = line[found.end() :]
        if self.rules["more"].match(rest):
            return SEVERAL
        bare = found.group("a") is None
        if bare and self._is_word(letter, rest):
            return None
        return str(letter).upper()

    def _is_word(self, letter: str, rest: str) -> bool:
        """Whether a bare letter is an article, a pronoun or a part of a name ("A lot", "I don't",
        "B cells", "D-glucose")."""
        if not rest or (not rest[0].strip() and not rest.strip()):
            return False
        if rest[0] in "-'’+" and rest[1:2].isalnum():
            return True
        if rest[0].isspace() and rest.lstrip()[:1].isalnum():
            following = rest.lstrip()
            at = self.offered.find(letter.upper())
            if rest.startswith("\n") or self._follows(at, following):
                return False
            return self.rules["connective"].match(following) is None
        return False

    def _follows(self, at: int, text: str) -> bool:
        """Whether the text of choice ``at`` follows its letter."""
        if not 0 <= at < len(self.choices):
            return False
        return _plain(text[:200]).startswith(_plain(self.choices[at]) or "\0")

    def _text(self, line: str, whole: bool) -> str | None:
        """Letter of the choice whose text ``line`` is, or begins with (unless ``whole``)."""
        given = _plain(line)
        if not given or not self.choices:
            return None
        texts = [_plain(choice) for choice in self.choices]
        same = [i for i, text in enumerate(texts) if text and text == given]
        if len(same) == 1:
            return self.offered[same[0]]
        if whole or same:
            return None
        begins = [
            i
            for i, text in enumerate(texts)
            if len(text) > 1
            and given.startswith(text)
            and not given[len(text) : len(text) + 1].isalnum()
        ]
        if not begins:
            return None
        longest = max(begins, key=lambda i: len(texts[i]))
        rest = given[len(texts[longest]) :].lstrip(" ,")
        others = [text for i, text in enumerate(texts) if i != longest and text]
        if any(rest.startswith((f"or {text}", f"and {text}", f"/ {text}")) for text in others):
            return SEVERAL
        plain_end = (
            not rest
            or not given[len(texts[longest])].isspace()
            or re.match(rf"(?:{CONNECTIVE})\b", rest)
        )
        twice = sum(text == texts[longest] for text in texts) > 1
        return None if twice or not plain_end else self.offered[longest]


def _opening(tail: str, at: int) -> int:
    """Brackets and quotes right before position ``at``."""
    count = 0
    while count < 3 and at - count > 0 and tail[at - count - 1] in "([\"'“‘<«":
        count += 1
    return count


def _plain(text: str) -> str:
    return _SPACE.sub(" ", undress(text)).strip(" .:;()'\"").casefold()
