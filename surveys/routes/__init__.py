"""The pages of HR, and those of raters."""
