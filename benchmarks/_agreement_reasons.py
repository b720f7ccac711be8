"""Why a decision of ours differs from one of Math-Verify that its source calls right.

By id of the item as the benchmark prints it; an item without an entry fails the benchmark.
"""

from __future__ import annotations

_SAME_VALUE = "both are the same value or set; the source's grader refused another spelling of it"
_SAME_VALUE_PAIRS = (
    "0985 1027 1029 1057 1086 1119 1159 1217 1256 3827 4017 4366 4740 4917 5035 5057 5146 "
    "5171 5200 5208 5211 5212 5220 5221 5222 5231 5233 5234 5236 5255 5264 5280 5287 5299 5301"
)
REASONS = {
    "pair 187": "the same pair is labelled equal as pair 186; this label is about an option of "
    "Math-Verify that tells a set from a relation",
    "pair 243": "the gold answer's box never closes: no decision about it is right, ours says so",
    "DeepSeek-R1-Distill-Qwen-32B/aime_2025_I/11/3": "the reply breaks off while it repeats "
    "itself; its last announced answer is the gold answer, the source counts it as wrong",
    "other pair 1166": "the gold answer lists two values and the reply gives one of them",
    **{f"other pair {number}": _SAME_VALUE for number in _SAME_VALUE_PAIRS.split()},
}
