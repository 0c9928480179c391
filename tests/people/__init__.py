"""Tests of people, teams, invitations and answers."""
