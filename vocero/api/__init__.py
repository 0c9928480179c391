"""REST v1 and inbound webhooks."""
