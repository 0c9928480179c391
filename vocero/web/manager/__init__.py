"""Pages for the program team and the owner."""
