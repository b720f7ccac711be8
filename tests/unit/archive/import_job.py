"""Import a generated recording in a process of its own and print its peak memory (MB).

``python import_job.py FOLDER MEGABYTES``: draws interleave problems, as recorders write them.
"""

import json
import re
import sys
from pathlib import Path

from itc import tables
from itc.importing import import_recording

DATASET = {"name": "d", "recorded_as": None, "answer_type": "math", "licence": "CC0"}
MODEL = {"name": "m", "recorded_as": None, "thinking": None}
SPEC = {"format": "jsonl", "sha256": None, "columns": {}, "exclude": []}
PROBLEMS, TEXT = 50, 30_000


def write_recording(path: Path, megabytes: int) -> int:
    """Write about so many MB of responses that compress like prose; returns their number."""
    words = [f"word{i * 7919 % 10007}" for i in range(5000)]
    number = megabytes * 1_000_000 // TEXT
    with path.open("w", encoding="utf-8") as file:
        for i in range(number):
            row = {
                "dataset": "d",
                "model": "m",
                "problem_id": f"p{i % PROBLEMS}",
                "sample_index": i // PROBLEMS,
                "question": "?",
                "gold": "1",
                "response_text": " ".join(words[i % 1000 :])[:TEXT],
            }
            file.write(json.dumps(row) + "\n")
    return number


if __name__ == "__main__":
    folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    recording, target = folder / f"{megabytes}.jsonl", folder / f"{megabytes}.parquet"
    expected = write_recording(recording, megabytes)
    with import_recording(recording, SPEC, [DATASET], [MODEL], folder=folder) as imported:
        rows = tables.write_groups(imported.frames(("d", "m")), "responses", target)
    assert rows == expected
    # ru_maxrss would start at what the parent held when it forked; this starts at exec.
    status = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024)
