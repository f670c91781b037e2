"""Where the documentation site is."""

from __future__ import annotations

SITE = ""
"""The address of the site, with a final slash; empty until a site exists: reports then contain no addresses."""


def page_url(check: str) -> str:
    """Return the address of the page of the built-in check with the id *check*; empty where there is no site."""
    return f"{SITE}checks/{check}/" if SITE else ""
