"""The vocabulary: findings, targets, patterns, outcomes. Imports nothing above it."""
