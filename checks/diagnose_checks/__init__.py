"""The built-in checks: one area a folder, one cause a file, named as its id."""
