"""Claims about inference-time compute, each a hypothesis with effect, interval and verdict."""
