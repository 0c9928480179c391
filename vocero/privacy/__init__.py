"""Leave, export, erase, retain: the one package that knows all others."""
