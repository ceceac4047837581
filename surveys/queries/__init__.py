"""What is read of rounds and seats."""
