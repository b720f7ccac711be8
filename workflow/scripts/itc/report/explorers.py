"""Larger explorers as pages of their own, beside the report: one per dataset, no server needed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from itc.report.context import Context
from itc.report.page import Page, Section
from itc.report.render import environment, facts, joined
from itc.report.sections import explorer

MAX_BYTES = 12_000_000  # of text per page


def render_explorers(
    tables: dict[str, pd.DataFrame],
    examples: pd.DataFrame,
    provenance: dict[str, Any],
    templates: Path,
    static: Path,
) -> dict[str, str]:
    """File name -> HTML; the names are what ``provenance["explorers"]`` of the report may list."""
    found = {}
    template = environment(templates).get_template("page.html")
    styles, script = Markup(joined(static, "css")), Markup(joined(static, "js"))
    for dataset, rows in examples.groupby("dataset", sort=True):
        context = Context(tables=tables, provenance=provenance, examples=rows)
        data = explorer.build(context, MAX_BYTES)
        title = f"Responses, {context.dataset(str(dataset)).text}"
        section = Section("explorer", "Explorer", replace(data, links=()), "sections/explorer.html")
        page = Page(
            title=title,
            study=str(provenance.get("study", "")),
            notice=str(provenance.get("notice", "")),
            sections=(section,),
            facts=facts(provenance),
            styles=styles,
            script=script,
        )
        found[file_name(str(dataset))] = template.render(page=page)
    return found


def file_name(dataset: str) -> str:
    """Name of a dataset's explorer beside the report, safe on every file system."""
    return f"explorer-{re.sub(r'[^A-Za-z0-9._-]+', '_', dataset)}.html"
