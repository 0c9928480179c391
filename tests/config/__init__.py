"""Tests of settings, processes and commands."""
