"""What every feature stands on. No word of any feature is spoken here."""
