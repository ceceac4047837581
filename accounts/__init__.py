"""People, their reporting lines, their roles, and how they sign in."""
