"""Renders fixes as scripts, diffs and configuration blocks, applies them, and reverts them."""
