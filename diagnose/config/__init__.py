"""The user's settings: where they are found, how they are read, and how they change findings."""
