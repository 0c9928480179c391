"""Pages for everybody: sign-in, joining, set-up, privacy."""
