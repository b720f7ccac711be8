"""Figures: one file each, a function from tidy tables to a drawn figure and the data in it."""
