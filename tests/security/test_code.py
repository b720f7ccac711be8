"""What the code of the workflow may not contain, read from its syntax trees."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
FOLDERS = ("workflow", "benchmarks", "envs", "models/recipe")
SOURCES = sorted(p for folder in FOLDERS for p in (REPO / folder).rglob("*.py"))
NODES = [
    (path, node)
    for path in SOURCES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
]
# Modules whose loading runs what a file says.
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls():
    for path, node in NODES:
        if isinstance(node, ast.Call):
            yield path, node, dotted(node.func), {k.arg: k.value for k in node.keywords}


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(REPO)}:{node.lineno}"


def test_there_is_code_to_look_at():
    assert len(SOURCES) > 150


def test_nothing_imports_a_pickle():
    found = []
    for path, node in NODES:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        if {name.split(".")[0] for name in names} & PICKLES:
            found.append(where(path, node))
    assert found == []


def test_no_loader_may_unpickle():
    bad = []
    for path, node, name, keywords in calls():
        last = name.rpartition(".")[2]
        if last in {"read_pickle", "to_pickle"} or "allow_pickle" in keywords:
            bad.append(where(path, node))
        if name == "torch.load":
            only = keywords.get("weights_only")
            if not (isinstance(only, ast.Constant) and only.value is True):
                bad.append(where(path, node))
    assert bad == []


def test_yaml_is_read_by_the_safe_loader_only():
    unsafe = {"load", "load_all", "full_load", "unsafe_load", "full_load_all", "unsafe_load_all"}
    assert [
        where(path, node)
        for path, node, name, _ in calls()
        if name.split(".")[0] in {"yaml", "ruamel"} and name.rpartition(".")[2] in unsafe
    ] == []


def test_no_code_is_made_from_text():
    """But in the runner, which is started inside the sandbox, and after what checks a scorer's
    expressions, which is used there.
    """
    guard = REPO / "workflow/scripts/itc/grading/_evaluate.py"
    assert {
        path
        for path, node in NODES
        if isinstance(node, ast.Attribute)
        and dotted(node) in {"builtins.eval", "builtins.exec", "builtins.compile"}
    } == {guard}
    runner = REPO / "workflow/scripts/itc/grading/_runner.py"
    assert [
        where(path, node)
        for path, node, name, _ in calls()
        if name in {"eval", "exec", "compile", "__import__"} and path != runner
    ] == []


def test_no_command_passes_a_shell():
    bad = []
    for path, node, name, keywords in calls():
        shell = keywords.get("shell")
        if name in {"os.system", "os.popen", "subprocess.getoutput"} or (
            shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False)
        ):
            bad.append(where(path, node))
    assert bad == []
    for file in (REPO / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s+shell:", file.read_text(encoding="utf-8"), re.M), file


def test_archives_are_never_extracted_by_name():
    methods = {"extractall", "unpack_archive"}
    assert [
        where(path, node) for path, node, name, _ in calls() if name.rpartition(".")[2] in methods
    ] == []


def test_code_of_model_repositories_is_asked_for_by_the_entry_alone():
    """Nothing sets it to anything but the entry's own value."""
    name = "trust_remote_code"
    for path, node in NODES:
        if isinstance(node, ast.keyword) and node.arg == name:
            assert ast.unparse(node.value) == "model.trust_remote_code", where(path, node)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    assert ast.unparse(value) == "model.trust_remote_code", where(path, node)
