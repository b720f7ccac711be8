"""Sections of the report: one file each, found by name, ordered by ORDER."""
