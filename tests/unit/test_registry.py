"""What the workflow reads of extensions without importing them."""

import pytest
from itc import registry

EXTENSIONS = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), EXTENSIONS)
def test_what_is_read_is_what_the_module_says(kind, name):
    module, read = registry.load(kind, name), registry.constants(kind, name)
    said = {key: getattr(module, key) for key in registry.DECISIVE if hasattr(module, key)}
    assert {key: value for key, value in read.items() if key in registry.DECISIVE} == said


@pytest.mark.parametrize("kind", ["figures", "sections"])
def test_whatever_reaches_the_report_names_its_tables(kind):
    for name in registry.names(kind):
        tables = registry.constants(kind, name)["TABLES"]
        assert set(tables) <= {*registry.names("analyses")}, name


def test_every_table_is_shown_or_read_by_another():
    wanted: set[str] = set()
    for kind in ("figures", "sections", "claims", "analyses"):
        for name in registry.names(kind):
            about = registry.constants(kind, name)
            wanted |= {*about.get("TABLES", ()), *about.get("INPUTS", ())}
    assert set(registry.names("analyses")) <= wanted


def test_a_computed_constant_that_decides_inputs_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "odd.py"
    file.write_text('TITLE = "Odd"\nWIDTH = 3 * 4\nTABLES = (*("curves",), "models")\n')
    monkeypatch.setattr(registry, "path", lambda kind, name: file)
    with pytest.raises(registry.ConstantError, match=r"odd.py, line 3: TABLES is read without"):
        registry.constants.__wrapped__("figures", "odd")
