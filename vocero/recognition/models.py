"""Rows of recognition."""
