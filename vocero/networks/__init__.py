"""Where: connected accounts and one file per social network."""
