"""Dataset loaders: one file per way that problems reach the study."""
