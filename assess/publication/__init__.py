"""What may be shown of a round: plan, symbols, gate. Pure: nothing of ours is imported here."""
