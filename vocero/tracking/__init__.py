"""What happened: clicks and their roll-ups, conversions."""
