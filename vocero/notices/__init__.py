"""Telling people: mail, digests, preferences."""
