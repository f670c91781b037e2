"""What changed from one release to the next."""
