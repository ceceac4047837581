"""Sealed envelopes: the only place where answers are written, and the only ways to read them."""
