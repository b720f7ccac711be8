"""Runs one rule of `_peer_rules` on items, apart from the benchmark's own process.

    python _peer_worker.py RULE ITEMS VERDICTS [PEERS]

ITEMS holds one JSON object a line. VERDICTS gets one line per item: verdict (true, false, null
where the rule read nothing, "timeout") and CPU seconds. An item may use 5 CPU seconds; where
the rule's code does not react to that, the kernel ends this process 3 seconds later, and the
benchmark starts it again after the item. Exit status 3 and a line on standard error: the rule
cannot be made (a package is missing).
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
import warnings
from pathlib import Path

SECONDS, GRACE, MEMORY = 5, 3, 6 << 30


class _OutOfTime(TimeoutError):
    """An item used its CPU time."""


def _stop(signum: int, frame: object) -> None:
    raise _OutOfTime


def main() -> int:
    name, items, verdicts = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if len(sys.argv) > 4:
        sys.path.insert(0, sys.argv[4])  # first: peers need other versions of some packages
    sys.path.insert(1, str(Path(__file__).resolve().parent))
    warnings.simplefilter("ignore")
    from _peer_rules import RULES

    try:
        judge = RULES[name].make()
    except Exception as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0][:200], file=sys.stderr)
        return 3
    signal.signal(signal.SIGPROF, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with items.open(encoding="utf-8") as lines, verdicts.open("a", encoding="utf-8") as found:
        for line in lines:
            item = json.loads(line)
            start = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (int(start) + SECONDS + GRACE, -1))
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                verdict: bool | str | None = judge(item)
            except _OutOfTime:
                verdict = "timeout"
            except Exception:  # a rule's own failure is its verdict: it read nothing
                verdict = None
            signal.setitimer(signal.ITIMER_PROF, 0)
            spent = round(time.process_time() - start, 5)
            print(json.dumps([verdict, spent]), file=found, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
