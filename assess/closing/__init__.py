"""Close: the envelopes are opened once, in memory; symbols are stored; everything else is destroyed."""
