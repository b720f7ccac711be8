"""A file of the package has one reason to change, so it stays short."""

from itc.config import root

MOST = 300
PACKAGE = root() / "workflow" / "scripts" / "itc"

# Longer files -> why they stay whole.
WHOLE = {
    "estimators/_kernels.py": "numba's cache on disk does not notice a change of a kernel that is "
    "imported: all compiled code is one file",
    # To be split.
    "estimate.py": "",
    "importing.py": "",
    "engines/openai.py": "",
}


def long_files():
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST
    }


def test_long_files_are_listed_with_their_reason():
    assert long_files() == set(WHOLE), f"split what is over {MOST} lines, or drop its entry"
