"""The shape of what HR and raters send."""
