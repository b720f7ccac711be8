"""A generate job on real vLLM in a process of its own: ``vllm_job.py FOLDER MODEL_JSON``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "workflow" / "scripts"))


def main() -> None:
    import pandas as pd
    from itc.config.model import Model
    from itc.config.procedure import Settings
    from itc.generate import Job, generate_shard

    folder, model = Path(sys.argv[1]), Model.model_validate_json(sys.argv[2])
    problems = pd.DataFrame(
        {
            "problem_id": [f"p{i:02d}" for i in range(20)],
            "question": [f"What is {i} + 3?" for i in range(20)],
            "answer_type": "number",
        }
    )
    settings = Settings.of(
        {
            "kind": "sample",
            "temperature": 0.8,
            "top_p": 0.95,
            "max_tokens": 150,
            "prompts": {"prompt": "{{ question }}"},
        }
    )
    job = Job("sums", problems, "sample", settings, "0", None, folder / "000.parquet")
    timing = generate_shard(model, "toy", [job], folder / "journal", 3, range(8))
    print(json.dumps(timing))


if __name__ == "__main__":
    main()
