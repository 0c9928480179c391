"""How one installation is set up and run: settings, processes, commands."""
