"""Pages for the people who share."""
