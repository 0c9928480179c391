"""The house itself: installation, programs, audit, files, schedule, API keys."""
