"""What the runner of documented commands cannot take literally, declared document by document.

`make test-full` runs every shell command of the documentation as it stands, document by document,
in a copy of the checkout. `make test` plans each: Snakemake and make by a dry-run, anything else by
its syntax, its program and its files. What is declared here differs from that, and says why.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

# A study of seconds with every stage, in the place of the default study.
FEW = {
    "derived_draws": None,
    "strategies": ["single", "majority"],
    "features": ["length"],
    "figures": ["accuracy_by_samples"],
    "sections": ["strategies", "provenance"],
    "claims": [],
}


@dataclass(frozen=True)
class Plan:
    """How the commands of one document are run.

    ``words``: what stands for a reader's own names -> what is put there;
    ``cheap``: further words when commands are only planned;
    ``files``: file that the document shows -> file of the checkout written in its place;
    ``study``: keys of the tests' study that takes the place of the default one; None keeps that;
    ``needs``: marks of the run: what this machine must have;
    ``first``: commands that run even when the others are planned, which need what these make;
    ``unplanned``: command -> what it needs of the commands before it, which no dry-run makes;
    ``not_run``: command -> why it only gets planned;
    ``elsewhere``: command -> what runs it: a test, `path::function`, or a file with this command.
    """

    words: dict[str, str] = field(default_factory=dict)
    cheap: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    study: dict | None = field(default_factory=lambda: FEW)
    needs: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    unplanned: dict[str, str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)


RECORDINGS = {"recordings=PATH": f"recordings={os.environ.get('RECORDINGS', '')}"}
PAPER = {"config/paper.yaml": "tests/config/mini.yaml"}
WHOLE = "tests/slurm/test_study.py::test_whole_study"
CUDA = (
    "installs vLLM with CUDA; create.py itself is run with the CPU's lock by the fresh-machine test"
)

PLANS = {
    "README.md": Plan(
        words={**RECORDINGS, "archive=PATH": "archive=results/mini/mini-archive.tar"},
        unplanned={"snakemake --config archive=PATH --cores all report": "the archive"},
        elsewhere={
            "make study": "tests/fresh/test_fresh_machine.py::test_both_commands_of_the_readme",
            "make test": "tests/fresh/test_fresh_machine.py::test_both_commands_of_the_readme",
        },
    ),
    "CONTRIBUTING.md": Plan(elsewhere={"make check": ".ci/run", "make test": ".ci/run"}),
    "benchmarks/README.md": Plan(
        not_run={
            "make bench": "12 minutes, and measures nothing beside other tests",
            "python benchmarks/scale.py": "hours: the study of paper size",
        }
    ),
    "docs/archive.md": Plan(
        words={
            "tar xf STUDY": "tar xf results/mini/mini",
            "PATH/STUDY": "../../mini",
            "STUDY": "mini",
        },
        unplanned={
            "snakemake --configfile STUDY-archive/replay.yaml --cores all report": "the archive"
        },
    ),
    "docs/cluster.md": Plan(
        words={"/tmp/slurm": "$SLURM_FOLDER"},
        cheap=PAPER,
        needs=("slurm",),
        not_run={"tests/install-debian-packages.sh": "installs packages; .ci/run starts with it"},
        elsewhere={"snakemake --profile slurm --configfile config/paper.yaml": WHOLE},
    ),
    "docs/scaling.md": Plan(
        not_run={"python benchmarks/scale.py --draws 128 256": "hours: the study of paper size"}
    ),
    "docs/testing.md": Plan(
        not_run={
            "sh tests/coverage.sh": "four minutes of tests that run anyway",
            "python tests/mutation/run.py estimators --sample 150 --seed 1 --minutes 24": "long",
            "python tests/mutation/run.py grading": "long",
        }
    ),
    "docs/tutorial.md": Plan(
        files={"~/.config/snakemake/mysite/profile.yaml": "tests/slurm/profile/profile.yaml"},
        study=None,
        needs=("slurm", "vllm"),
        not_run={"python3 envs/create.py envs/vllm.lock .venv": CUDA},
    ),
    "docs/tutorial-replay.md": Plan(words=RECORDINGS, first=("python make_recording.py",)),
    "docs/tutorial-strategy.md": Plan(
        words={"results/demo": "results/mini"}, study={**FEW, "strategies": "all"}
    ),
    "envs/README.md": Plan(
        not_run={
            "python3 -m venv .venv": CUDA,
            ".venv/bin/python -m pip install --no-deps --require-hashes -r envs/vllm.lock": CUDA,
        }
    ),
    "models/recipe/README.md": Plan(
        not_run={
            "python models/recipe/train.py": "an hour of one core",
            "python models/recipe/train.py --model tiny-reasoner": "half an hour of one core",
            "python models/recipe/evaluate.py tiny-direct": "minutes of vLLM, and rewrites a file",
        }
    ),
    "profiles/README.md": Plan(
        cheap=PAPER,
        elsewhere={
            "snakemake --profile slurm --profile mysite --configfile config/paper.yaml": WHOLE,
            "snakemake --profile slurm --configfile config/paper.yaml --config "
            "'models={qwq-32b: {gpu: 2, tensor_parallel_size: 2, runtime: 2880}}'": WHOLE,
        },
    ),
}
