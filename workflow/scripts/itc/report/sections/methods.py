"""The methods picture: how each procedure spends tokens, and which of them count for which cost."""

from __future__ import annotations

from dataclasses import dataclass

from itc.report.context import Context

TITLE = "How budgets count"
ORDER = 25
TABLES = ()

START, ROW, TOP = 26, 20, 14


@dataclass(frozen=True)
class Bar:
    """A run of tokens: ``kind`` is response, judge or cut; ``critical``: one has to wait for it."""

    row: float
    start: int
    length: int
    kind: str = "response"
    critical: bool = False

    @property
    def x(self) -> int:
        """Left end in the drawing."""
        return START + self.start

    @property
    def y(self) -> float:
        """Top in the drawing."""
        return TOP + ROW * self.row


@dataclass(frozen=True)
class Picture:
    """One way to spend a budget."""

    title: str
    words: str
    bars: tuple[Bar, ...]
    end: str  # what makes the answer
    halt: int | None = None  # everything stops here
    description: str = ""


@dataclass(frozen=True)
class Pictures:
    """All of them."""

    pictures: tuple[Picture, ...]


PICTURES = (
    Picture(
        "Vote",
        "Independent samples, the most frequent answer wins. All tokens are paid; the wait is the "
        "longest sample.",
        (Bar(0, 0, 92), Bar(1, 0, 128, critical=True), Bar(2, 0, 60), Bar(3, 0, 104)),
        "vote",
        description="Four bars side by side lead to a vote; the longest is on the critical path.",
    ),
    Picture(
        "Shortest first",
        "All samples start, the first to finish decide, the rest is halted. Paid is what was "
        "written until then.",
        (
            Bar(0, 0, 78, critical=True),
            Bar(1, 0, 78),
            Bar(1, 78, 50, "cut"),
            Bar(2, 0, 60),
            Bar(3, 0, 78),
            Bar(3, 78, 26, "cut"),
        ),
        "vote",
        halt=78,
        description="Four bars; a line at the end of the second shortest halts the others.",
    ),
    Picture(
        "Best of n, judged by itself",
        "The model scores each sample; the best score answers. Judging costs prompt and output "
        "tokens and another wait.",
        (
            Bar(0, 0, 70),
            Bar(0, 74, 26, "judge"),
            Bar(1, 0, 104, critical=True),
            Bar(1, 108, 26, "judge", critical=True),
            Bar(2, 0, 54),
            Bar(2, 58, 26, "judge"),
            Bar(3, 0, 84),
            Bar(3, 88, 26, "judge"),
        ),
        "best",
        description="Four bars, each followed by a short judging bar; the best score answers.",
    ),
    Picture(
        "Sequential revision",
        "Each round reads the last answer and writes a new one. Every token is on the critical "
        "path, and the prompt grows.",
        (
            Bar(0, 0, 44, critical=True),
            Bar(1, 46, 38, critical=True),
            Bar(2, 86, 34, critical=True),
            Bar(3, 122, 30, critical=True),
        ),
        "last",
        description="Four bars one after another like stairs, all on the critical path.",
    ),
    Picture(
        "Aggregation",
        "Samples are read together and merged into one more response. Their texts are the prompt "
        "of the last call.",
        (
            Bar(0, 0, 62),
            Bar(1, 0, 86, critical=True),
            Bar(2, 0, 48),
            Bar(3, 0, 70),
            Bar(1.5, 92, 56, "judge", critical=True),
        ),
        "merged",
        description="Four bars side by side lead into one more bar that merges them.",
    ),
    Picture(
        "Truncation and extension",
        "Thinking is cut at a budget and the answer forced, or prolonged by one more thought. One "
        "chain, paid and waited for in full.",
        (
            Bar(0.5, 0, 66, critical=True),
            Bar(0.5, 66, 60, "cut"),
            Bar(0.5, 130, 16, "judge", critical=True),
            Bar(2.5, 0, 98, critical=True),
            Bar(2.5, 100, 44, "judge", critical=True),
        ),
        "answer",
        description="Above, a bar cut in the middle and a short answer; below, a bar prolonged.",
    ),
)


def build(context: Context) -> Pictures:
    """The same for every study."""
    return Pictures(PICTURES)
