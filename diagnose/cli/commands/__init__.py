"""One module a command, named as it: ``main`` takes the command's groups of options and returns the exit code."""
