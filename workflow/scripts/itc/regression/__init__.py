"""Regressions of correctness on features: fits that say when they failed."""
