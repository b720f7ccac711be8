"""One verifier-free strategy per file: how recorded responses become one answer at a budget."""
