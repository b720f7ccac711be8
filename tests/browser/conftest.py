"""A headless Chromium, a report of the synthetic study, and a page that records its errors."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def synthetic():
    """The module of synthetic tables."""
    path = REPO / "tests/unit/report/synthetic.py"
    spec = importlib.util.spec_from_file_location("synthetic", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Debian's Chromium under Playwright; skips with the reason where either is missing.

    Closed behind these tests: Playwright's event loop would be in the way of others' (Inspect's).
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed (tests/install-debian-packages.sh)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(synthetic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the small synthetic study."""
    return synthetic.write_report(
        tmp_path_factory.mktemp("report"), synthetic.tables(synthetic.DEMO)
    )


@pytest.fixture(scope="session")
def full_report(synthetic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with responses to read, harmless ones."""
    texts = synthetic.examples(synthetic.DEMO, hostile=False)
    folder = tmp_path_factory.mktemp("full")
    return synthetic.write_report(folder, synthetic.tables(synthetic.DEMO), texts)


@pytest.fixture
def visit(chromium) -> Iterator[Callable]:
    """Open a file at a width; at the end of the test the page must have logged no error."""
    pages, errors = [], []

    def opened(path: Path, width: int = 1280, height: int = 900, **options):
        page = chromium.new_page(viewport={"width": width, "height": height}, **options)
        page.on("console", lambda m: errors.append(m.text) if m.type in ("error",) else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("dialog", lambda d: (errors.append(f"dialog: {d.message}"), d.dismiss()))
        page.on("request", lambda r: _local(r.url, errors))
        page.goto(path.as_uri())
        page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert not errors, errors


def _local(url: str, errors: list[str]) -> None:
    if not url.startswith(("file:", "data:", "blob:")):
        errors.append(f"asked for {url}")
