"""Every shell command of the documentation works: planned by `make test`, run by test-full."""

import ast
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from .markdown import REPO, SHELL, Block, blocks, documents
from .plans import PLANS, Plan
from .session import Session, missing_lines, open_session

COMMANDS = [
    pytest.param(document, command, id=f"{document}: {command}")
    for document in documents()
    for block in blocks(document, *SHELL)
    if not block.text.startswith("#!")
    for command in block.commands()
]
# Programs of clusters, of the internet and of the environments, which a machine may lack.
ABSENT = {"squeue", "hf"}
# Without one of these Snakemake runs nothing here.
MODE = {"--cores", "--profile", "-n"}
LANGUAGES = {*SHELL, "yaml", "python", "text", "mermaid", "json"}


def said(document: str) -> Plan:
    return PLANS.get(document, Plan())


def put(command: str, *words: dict[str, str]) -> str:
    for pairs in words:
        for word, value in pairs.items():
            command = command.replace(word, value)
    return command


def commands_of(document: str) -> set[str]:
    shell = [b for b in blocks(document, *SHELL) if not b.text.startswith("#!")]
    return {command for block in shell for command in block.commands()}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The session in which a document's commands are planned, its shown files written."""
    made: dict[str, Session] = {}

    def session(document: str) -> Session:
        if document not in made:
            plan = said(document)
            made[document] = open_session(tmp_path_factory.mktemp("planned"), plan.study)
            for block in blocks(document):
                if block.file:
                    write(made[document], plan, block)
            for command in plan.first:
                code, output = made[document].run(command)
                assert code == 0, f"{command}\n{output}"
        return made[document]

    return session


def write(session: Session, plan: Plan, block: Block) -> None:
    instead = plan.files.get(block.file)
    session.write(block.file, (REPO / instead).read_text() if instead else block.text)


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_command_can_be_planned(planned, document, command):
    plan = said(document)
    if "recordings=PATH" in command and not os.environ.get("RECORDINGS"):
        pytest.skip("RECORDINGS is not set: no recorded responses to plan with")
    literal = put(command, plan.words, plan.cheap)
    session = planned(document)
    parsed = subprocess.run(["bash", "-n", "-c", literal], capture_output=True, text=True)
    assert parsed.returncode == 0, parsed.stderr
    words = [w for w in shlex.split(literal.strip("()")) if not re.fullmatch(r"[A-Z_]+=.*", w)]
    if words[0] == "snakemake":
        assert MODE & set(words), f"{command}: Snakemake wants --cores, a profile or -n"
    if words[0] in ("snakemake", "make"):
        if command not in plan.unplanned:
            dry = literal.replace(words[0], f"{words[0]} -n", 1)
            code, output = session.run(dry)
            assert code == 0, f"{dry}\n{output}"
        return
    program = words[0].replace(".venv/", f"{sys.prefix}/", 1)
    kind, _ = session.run(f"type -t {shlex.quote(program)}")
    assert kind == 0 or words[0] in ABSENT, f"no program {words[0]}"
    files = [w for w in words if re.fullmatch(r"[\w./-]+\.(?:py|sh|lock|yaml)", w)]
    missing = [name for name in files if not (session.folder / name).exists()]
    assert not missing, f"{command}: no {', '.join(missing)}"


@pytest.fixture
def slurm_folder():
    """A short path and two free ports for a SLURM that the document itself may start; its end."""
    folder = Path(tempfile.mkdtemp(prefix="itc-docs-", dir="/tmp"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = min(probe.getsockname()[1], 65000)
    script = str(REPO / "tests/slurm/start-slurm.sh")
    environment = {
        **os.environ,
        "SLURM_FOLDER": str(folder),
        "SLURM_TEST_PORT": str(port),
        "SLURM_TEST_CPUS": "2",
        "SLURM_TEST_GPUS": "2",
    }
    try:
        yield {k: v for k, v in environment.items() if k.startswith("SLURM")}
    finally:
        subprocess.run([script, "stop", str(folder)], stdin=subprocess.DEVNULL, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("document", sorted(d for d in documents() if commands_of(d)))
def test_commands_run_as_they_stand(document, tmp_path, slurm_folder):
    plan = said(document)
    left_out = {**plan.not_run, **plan.elsewhere}
    if not commands_of(document) - set(left_out):
        pytest.skip(f"every command of {document} is run elsewhere or only planned; see plans.py")
    if "slurm" in plan.needs and not shutil.which("sbatch"):
        pytest.skip("no SLURM here; tests/install-debian-packages.sh gets it")
    if "vllm" in plan.needs:
        pytest.importorskip("vllm", reason="vLLM is not installed here")
    session = open_session(tmp_path, plan.study)
    session.environment = slurm_folder
    starts = "tests/slurm/start-slurm.sh"
    if "slurm" in plan.needs and not any(starts in command for command in commands_of(document)):
        for command in (f"{starts} start $SLURM_FOLDER", ". $SLURM_FOLDER/env"):
            code, output = session.run(command)
            assert code == 0, f"{command}\n{output}"
    output, ran = "", False
    for block in blocks(document):
        if block.file:
            write(session, plan, block)
        elif block.language == "text" and block.follows and ran:
            assert not (lacks := missing_lines(put(block.text, plan.words), output)), (
                f"{block.where} shows lines that were not printed:\n"
                + "\n".join(lacks)
                + f"\n--- printed:\n{output}"
            )
        if block.language not in SHELL or block.text.startswith("#!"):
            ran = False
            continue
        output, ran = "", True
        for command in block.commands():
            if command in left_out:
                continue
            if "recordings=PATH" in command and not os.environ.get("RECORDINGS"):
                print(f"left out, RECORDINGS is not set: {command}")
                continue
            literal = put(command, plan.words)
            code, printed = session.run(literal, seconds=1800)
            print(f"--- {block.where}\n$ {literal}\n{printed}")
            assert code == 0, f"{block.where}\n{literal}\n{printed}"
            output += printed


@pytest.mark.parametrize("document", documents())
def test_a_fence_names_its_language(document):
    for block in blocks(document):
        assert block.language in LANGUAGES, (
            f"{block.where}: {block.language!r}; a command in a block without `console` or `sh` "
            "would escape the tests"
        )


@pytest.mark.parametrize(
    "script",
    [b for d in documents() for b in blocks(d, *SHELL) if b.text.startswith("#!")],
    ids=lambda block: block.where,
)
def test_a_shown_script_parses(script):
    parsed = subprocess.run(["bash", "-n"], input=script.text, capture_output=True, text=True)
    assert parsed.returncode == 0, parsed.stderr


def test_every_declaration_is_needed():
    stale = []
    for document, plan in PLANS.items():
        if document not in documents():
            stale.append(f"no document {document}")
            continue
        present = commands_of(document)
        declared = {*plan.unplanned, *plan.not_run, *plan.elsewhere, *plan.first}
        stale += [f"{document}: no command {c!r}" for c in sorted(declared - present)]
        text = "\n".join(sorted(present)) + "".join(b.text for b in blocks(document, "text"))
        for word in {**plan.words, **plan.cheap}:
            if word not in text and word != "results/demo":
                stale.append(f"{document}: no command holds {word!r}")
        shown = {block.file for block in blocks(document) if block.file}
        stale += [f"{document}: shows no {name}" for name in sorted(set(plan.files) - shown)]
    assert not stale, "\n".join(stale)


@pytest.mark.parametrize(
    ("command", "where"),
    sorted({(c, w) for plan in PLANS.values() for c, w in plan.elsewhere.items()}),
)
def test_what_is_run_elsewhere_is(command, where):
    file, _, name = where.partition("::")
    text = (REPO / file).read_text(encoding="utf-8")
    if name:
        functions = [n.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
        assert name in functions, f"{command} is said to be run by {where}, which is not there"
    else:
        assert re.search(rf"^{re.escape(command)}$", text, re.MULTILINE), f"{where}: no {command}"
