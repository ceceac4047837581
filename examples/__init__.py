"""A company of our own invention, and one round in it from launch to report."""
