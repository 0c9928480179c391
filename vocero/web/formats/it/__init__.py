"""Polish for readers in Poland."""
