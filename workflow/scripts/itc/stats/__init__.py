"""Intervals, tests and fits over per-problem values."""
