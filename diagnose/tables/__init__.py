"""Dated facts as data: distributions, packages, libraries, images. Each table names its source."""
