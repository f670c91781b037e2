"""Wheels: the archive, RECORD, the members' links, and the platform tag that they qualify for."""
