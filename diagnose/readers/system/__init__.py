"""A machine's files: the root, its distribution, its packages, apt, and its programs."""
