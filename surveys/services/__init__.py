"""The verbs of a round, and those of a rater."""
