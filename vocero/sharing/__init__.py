"""The act: feed, compose, schedule, publish, hand off, withdraw."""
