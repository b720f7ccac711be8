"""A fingerprint sees what code does, not how it is laid out."""

import pytest
from itc import fingerprint as fp


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "itc"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "low.py").write_text("def f(x):\n    return x + 1\n")
    (folder / "high.py").write_text("from itc.low import f\n\ndef g(x):\n    return f(x)\n")
    monkeypatch.setattr(fp, "PACKAGE", folder)

    def forget():
        fp._parsed.cache_clear()
        fp.fingerprint.cache_clear()

    forget()
    yield folder, forget
    forget()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("# a comment\ndef f(x):\n    return x + 1\n", True),
        ('def f(x):\n    """Docstring."""\n    return (x\n            + 1)\n', True),
        ("def f(x):\n    return x + 2\n", False),
    ],
)
def test_edits_of_an_imported_module(package, text, same):
    folder, forget = package
    before = fp.fingerprint("high")
    (folder / "low.py").write_text(text)
    forget()
    assert (fp.fingerprint("high") == before) is same


def test_relative_and_nested_imports_are_followed(package):
    folder, forget = package
    (folder / "high.py").write_text("def g(x):\n    from .low import f\n    return f(x)\n")
    forget()
    before = fp.fingerprint("high")
    (folder / "low.py").write_text("def f(x):\n    return x - 1\n")
    forget()
    assert fp.fingerprint("high") != before


def test_unknown_module_is_named(package):
    with pytest.raises(ValueError, match="no module 'itc\\.nowhere'"):
        fp.fingerprint("nowhere")
