"""Benchmarks and long drills: ./run bench NAME, ./run drill NAME."""
