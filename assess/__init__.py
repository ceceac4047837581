"""From sealed answers to published symbols, and from symbols to scorecards."""
