"""Graders: one file per answer type, plus the bounded pool and the classes that votes count."""
