"""What: sources, posts, variants, topics, campaigns, mix."""
