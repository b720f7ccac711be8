"""Readers of recorded responses, one file per format."""
