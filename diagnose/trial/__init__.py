"""Tries wheels: installs a wheel beside an interpreter, imports its modules in a sandbox, and says what happened."""
