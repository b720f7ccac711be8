"""The report: page data as dataclasses, sections by file, one self-contained HTML."""
