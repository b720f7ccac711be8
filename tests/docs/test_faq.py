"""Every message of docs/faq.md is printed as it stands there when its mistake is made."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pandas as pd
import pytest
import yaml
from itc.config import read_config
from itc.config.model import Model
from itc.engines import openai
from itc.engines._base import Params, Request
from itc.grid import Grid, checks
from itc.importing import import_recording
from itc.journal import Journal
from itc.outcomes import RESPONSE_COLUMNS, build_outcomes
from itc.strategies._base import evaluate_with_reasons

from .markdown import REPO, blocks, tokens
from .plans import FEW
from .session import missing_lines, open_session


def entries() -> dict[str, str]:
    """Headings of the FAQ and the message below each."""
    parsed = tokens("docs/faq.md")
    titles = [
        (token.map[0], content.content)
        for token, content in pairwise(parsed)
        if token.type == "heading_open" and token.tag == "h3"
    ]
    found = {}
    for block in blocks("docs/faq.md", "text"):
        title = [name for line, name in titles if line < block.line][-1]
        assert title not in found, f"{title}: two messages"
        found[title] = block.text
    return found


# -- mistakes ------------------------------------------------------------------------------------
# Each makes one mistake in `folder` and returns what is said; named by the heading of the FAQ.

MISTAKES = {}


def mistake(title):
    def register(function):
        MISTAKES[title] = function
        return function

    return register


def said_by(function, *arguments) -> str:
    """Message of the error that a call raises."""
    with pytest.raises(Exception) as error:
        function(*arguments)
    return str(error.value)


def start(raw: dict, jobs: tuple[str, ...] = ()) -> None:
    """What the Snakefile does with a configuration before any job."""
    grid = Grid(read_config(raw), REPO)
    checks.check(grid)
    checks.check_keys(grid, set(jobs))


def settings(define=None, **study) -> dict:
    raw: dict = {}
    for name in ("datasets", "models", "procedures"):
        raw |= yaml.safe_load((REPO / f"config/{name}.yaml").read_text())
    raw["models"] |= define or {}
    default = yaml.safe_load((REPO / "config/default.yaml").read_text())["study"]
    return raw | {"study": default | study}


@mistake("An unknown key")
def unknown_key(folder):
    return said_by(start, settings(bootstap=200))


@mistake("A name is not defined")
def undefined(folder):
    return said_by(start, settings(models=["tiny-resoner"]))


@mistake("Draws are no multiple of the shard")
def no_multiple(folder):
    return said_by(start, settings(draws=24))


@mistake("A budget exceeds the draws")
def budget(folder):
    return said_by(start, settings(budgets=[1, 64]))


@mistake("The model's folder or name")
def no_folder(folder):
    found = ""
    for where in ("models/mine", "mine"):
        model = {"title": "Mine", "reasoning": True, "model": where}
        raw = settings({"mine": model}, procedures=["sample"])
        raw["study"]["models"] = ["mine"]
        found += said_by(start, raw) + "\n"
    return found


@mistake("A strategy reads a procedure that is left out")
def left_out(folder):
    return said_by(start, settings(procedures=["sample"], strategies=["majority", "judge_best"]))


@mistake("The key of a server is not set")
def no_key(folder):
    assert "OPENAI_API_KEY" not in os.environ
    raw = settings(procedures=["sample"])
    raw["study"]["models"] = ["gpt-4.1-mini"]
    return said_by(start, raw, ("generate_gpt_4_1_mini_depth0",))


@mistake("The tokenizer cannot be loaded")
def no_tokenizer(folder):
    code = (
        "from itc.config.model import Model; from itc.prompt_check import open_prompter; "
        "open_prompter(Model(title='mine', reasoning=False, model='my-group/my-model'))"
    )
    path = {"PYTHONPATH": str(REPO / "workflow/scripts"), "HF_HOME": str(folder)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **path, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    return re.sub(r"(?s).*PromptError: ", "", run.stderr).replace("\n", " ")


@mistake("Another job holds the journal")
def busy(folder):
    told: list[str] = []
    with Journal(folder / "000.jsonl"):
        said_by(lambda: Journal(folder / "000.jsonl", wait=0.3, tell=told.append))
    return "\n".join(told)


@mistake("The disk is full")
def full(folder):
    """A limit on the size of files stands for the full disk."""
    code = (
        "import sys; from itc.journal import Journal\n"
        "with Journal(sys.argv[1]) as journal:\n"
        "    for i in range(999): journal.append(str(i), {'text': 'x' * 500})"
    )

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    run = subprocess.run(
        [sys.executable, "-c", code, str(folder / "000.jsonl")],
        env={**os.environ, "PYTHONPATH": str(REPO / "workflow/scripts")},
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )
    return run.stderr.replace("itc.journal.JournalError: ", "")


@mistake("A server gives no answer")
def silent(folder):
    model = Model(
        title="served",
        reasoning=False,
        engine="openai",
        model="served",
        base_url="http://127.0.0.1:9/v1",  # the discard port: nobody listens
        engine_options={"tries": 2, "pause": 0.01},
    )

    def ask():
        with openai.open_engine(model) as engine:
            engine.add("0", Request(({"role": "user", "content": "hi"},), Params(max_tokens=9), 1))
            while not engine.step():
                pass

    return said_by(ask)


ROW = {
    "dataset": "sums",
    "model": "big-model",
    "problem_id": "a",
    "sample_index": 0,
    "question": "1 + 1?",
    "gold": "2",
    "response_text": "2",
}


def replay(folder, row, **spec):
    path = folder / "paper.jsonl"
    path.write_text(json.dumps(row) + "\n")
    dataset = {"name": "sums", "recorded_as": None, "answer_type": "number", "licence": "CC0"}
    model = {"name": "big", "recorded_as": None, "thinking": None}
    spec = {"format": "jsonl", "sha256": None, "columns": {}, "exclude": [], **spec}
    with import_recording(path, spec, [dataset], [model]):
        pass


@mistake("A row has no column")
def no_column(folder):
    row = {("question_id" if key == "problem_id" else key): ROW[key] for key in ROW}
    return said_by(replay, folder, row)


@mistake("No response of this model")
def no_response(folder):
    return said_by(replay, folder, ROW)


@mistake("The checksum differs")
def checksum(folder):
    return said_by(lambda: replay(folder, ROW, sha256="0" * 64))


@mistake("Draws of different platforms")
def platforms(folder):
    rows = {column: [None, None] for column in RESPONSE_COLUMNS}
    rows |= {"procedure": ["sample"] * 2, "engine": ["vllm"] * 2, "gpu": ["A", "B"]}
    return said_by(build_outcomes, pd.DataFrame(), pd.DataFrame(rows), pd.DataFrame())


@mistake("A strategy has no values")
def unavailable(folder):
    outcomes = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": "p",
            "draw": range(8),
            "round": 0,
            "answer_class": 0,
            "verdict": "right",
            "n_prompt_tokens": 7,
            "n_output_tokens": 9,
        }
    )
    return "\n".join(evaluate_with_reasons("deepconf_mean", outcomes, [1])[1]["reason"])


# -- mistakes on the command line ----------------------------------------------------------------

MINI = "snakemake --configfile tests/config/mini.yaml"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return open_session(tmp_path_factory.mktemp("faq"), FEW)


def fails(session, command: str) -> str:
    code, output = session.run(command)
    assert code != 0, output
    return output


SHELL = {
    "No Python is found": lambda s: fails(s, "make PYTHON= python"),
    "Cores have to be specified": lambda s: fails(s, "snakemake estimate"),
    "A target is taken for a configuration file": lambda s: fails(s, f"{MINI} estimate"),
}


def shell(title):
    def register(function):
        SHELL[title] = function
        return function

    return register


@shell("The directory cannot be locked")
def locked(session):
    """A Snakemake killed in the middle of a job; the test of SLURM does the same on a cluster."""
    (session.folder / "hold.smk").write_text(
        "rule held:\n    output: 'held'\n    shell: 'touch started; sleep 60'\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--snakefile", "hold.smk", "--cores", "1"],
        cwd=session.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (session.folder / "started").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return fails(session, "snakemake --snakefile hold.smk --cores 1")


@shell("Nothing to be done")
def nothing(session):
    for _ in range(2):
        code, output = session.run("snakemake --cores 1 -- results/mini/tables/models.parquet")
        assert code == 0, output
    return output


@shell("Prompts leave no room")
def long_prompts(session):
    model = "{model: models/tiny-reasoner, engine: vllm, max_model_len: 10}"
    return fails(
        session,
        f"{MINI} --cores 1 --config 'models={{scripted-a: {model}}}' -- responses",
    )


# Made by the tests of SLURM, which are asked whether they still expect these words.
ELSEWHERE = {"Requested node configuration is not available": "tests/slurm/test_study.py"}
COSTLY = {"Prompts leave no room"}  # vLLM's tokenizer, half a minute


def assert_printed(title: str, output: str) -> None:
    lacks = missing_lines("\n".join(f"{line}" for line in entries()[title].splitlines()), output)
    assert not lacks, "\n".join(["docs/faq.md shows:", *lacks, "--- printed:", output])


@pytest.mark.parametrize("title", MISTAKES)
def test_message_is_printed(title, tmp_path):
    assert_printed(title, MISTAKES[title](tmp_path))


@pytest.mark.parametrize(
    "title",
    [pytest.param(t, marks=[pytest.mark.full] if t in COSTLY else []) for t in SHELL],
)
def test_message_of_a_command_is_printed(title, session):
    assert_printed(title, SHELL[title](session))


@pytest.mark.parametrize(("title", "where"), ELSEWHERE.items())
def test_message_is_expected_elsewhere(title, where):
    assert entries()[title].strip() in (REPO / where).read_text(encoding="utf-8")


def test_every_entry_has_its_mistake():
    assert set(entries()) == {*MISTAKES, *SHELL, *ELSEWHERE}
