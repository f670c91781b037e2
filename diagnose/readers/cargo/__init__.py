"""Cargo projects: configuration, lock file, features, variables."""
