"""Tests of networks: against real servers, faulty ones, and by the same questions to each."""
