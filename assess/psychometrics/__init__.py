"""The pure core: numbers in, frozen dataclasses out. No clock, no database, no rounding."""
