"""axe-core finds no serious violation, in light and dark, with everything unfolded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source of axe-core: the file named by AXE, or the package from npm; else a skip."""
    if os.environ.get("AXE"):
        return Path(os.environ["AXE"]).read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched (or name its file in AXE)")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--ignore-scripts", "--prefix", str(folder), AXE]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {AXE} within two minutes")
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    if run.returncode != 0 or not file.is_file():
        pytest.skip(f"npm could not fetch {AXE}: {run.stderr.strip()[-200:]}")
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_no_serious_violation(full_report: Path, visit, axe: str, scheme: str, width: int) -> None:
    page = visit(full_report, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.locator("[data-draws] .open").last.click()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    serious = [
        (v["id"], v["impact"], len(v["nodes"]), v["nodes"][0]["html"][:200])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert found["passes"], "axe looked at the page"
    assert not serious, serious
