"""Tests of sign-in, set-up, joining and the privacy page."""
