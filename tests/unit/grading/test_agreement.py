"""The comparison with other graders, on cases alone: ours, Math-Verify and the restated rules."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BENCHMARK = ROOT / "benchmarks/grading_agreement.py"


def test_ours_makes_most_right_decisions_and_absent_peers_say_so():
    environment = {name: text for name, text in os.environ.items() if name != "RECORDINGS"}
    call = [sys.executable, str(BENCHMARK), "--rules", "Math-Verify", "simple-evals", "lighteval"]
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["ours"] > result["baseline"] > 400
    lines = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if "|" in line}
    assert "not run: lighteval==0.13.0 is in no folder of --peers" in lines["lighteval"]
    assert "/" in lines["Math-Verify"] and "/" in lines["simple-evals"]


def test_restated_rules_read_what_their_sources_read():
    sys.path.insert(0, str(BENCHMARK.parent))
    try:
        from _peer_qwen import clean, equal, extract, letter
        from _peer_rules import RULES
    finally:
        sys.path.remove(str(BENCHMARK.parent))
    assert extract(r"so \boxed{\frac{1}{2}} holds") == r"\frac{1}{2}"
    assert extract("The answer is 12 apples.") == "12"
    assert extract("first 3, then 1,204") == "1204"
    assert extract("no value") == ""
    assert letter("The answer is B. Not C.") == "B"
    assert letter("A or maybe C") == "C"
    assert equal("50", "0.5") and equal("1.00001", "1") and not equal("2", "3")
    assert equal(clean("(1, 2)"), clean("(1,2)")) and equal("x+1", "1+x")
    judge = RULES["simple-evals"].make()
    item = {"answer_type": "number", "gold": "1200", "choices": None}
    assert judge(item | {"text": "work\nAnswer: 1,200"}) is True
    assert judge(item | {"text": "it is 1200"}) is None
