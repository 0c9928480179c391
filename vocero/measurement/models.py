"""Rows of measurement."""
