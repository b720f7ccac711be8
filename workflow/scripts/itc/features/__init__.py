"""Properties of single responses: lengths, linguistic markers, answers, repetition, confidence."""
