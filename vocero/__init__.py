"""Vocero: self-hosted employee advocacy."""
