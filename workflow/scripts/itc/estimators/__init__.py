"""Expectations over subsets of recorded draws: exact where possible, else Monte Carlo."""
