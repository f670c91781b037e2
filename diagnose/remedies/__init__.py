"""How something is installed, configured or repacked: facts in, fixes out."""
