"""A file of the package has one reason to change, so it stays short."""

from itc.config import root

MOST = 300
PACKAGE = root() / "workflow" / "scripts" / "itc"

# Longer files -> why they stay whole.
WHOLE = {
    "estimators/_kernels.py": "numba's cache on disk does not notice a change of a kernel that is "
    "imported: all compiled code is one file",
}


def long_files():
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST
    }


def test_no_file_is_long_without_a_reason():
    found = long_files() - set(WHOLE)
    assert not found, f"split what is over {MOST} lines; an entry in WHOLE needs a good reason"


def test_every_exception_is_still_needed():
    assert not set(WHOLE) - long_files(), "these are short now: drop their entries"
    assert all(len(reason) > 40 for reason in WHOLE.values())
