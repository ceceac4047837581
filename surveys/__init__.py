"""Rounds: who rates whom, who is asked, and sealed answers."""
