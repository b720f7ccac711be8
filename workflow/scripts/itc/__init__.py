"""itc: the reference study of inference-time compute, as an importable package."""

__version__ = "0.1.0"
