"""Larger explorers as pages of their own, beside the report: one per dataset, no server needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from itc.report.context import Context
from itc.report.page import Blocks, Note, Page, Section
from itc.report.render import environment, facts, joined
from itc.report.sections import explorer

MAX_BYTES = 12_000_000  # of text per page


def render_explorer(
    dataset: str,
    tables: dict[str, pd.DataFrame],
    examples: pd.DataFrame,
    provenance: dict[str, Any],
    templates: Path,
    static: Path,
) -> str:
    """The explorer of one dataset as HTML; a page that says so where ``examples`` has no row."""
    context = Context(tables=tables, provenance=provenance, examples=examples)
    data = explorer.build(context, MAX_BYTES)
    if data is None:
        blocks = Blocks((Note("No response of this dataset has a text on record."),))
        section = Section("explorer", "Explorer", blocks, "sections/_blocks.html")
    else:
        section = Section("explorer", "Explorer", replace(data, links=()), "sections/explorer.html")
    page = Page(
        title=f"Responses, {context.dataset(dataset).text}",
        study=str(provenance.get("study", "")),
        notice=str(provenance.get("notice", "")),
        sections=(section,),
        facts=facts(provenance),
        styles=Markup(joined(static, "css")),
        script=Markup(joined(static, "js")),
        home="report.html",
    )
    return environment(templates).get_template("page.html").render(page=page)
