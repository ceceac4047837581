"""Scorecards: everything that is said of one leader, computed from published symbols alone."""
