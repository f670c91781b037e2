"""Where wheels are: a folder, a list of paths or addresses, or a simple index (PEP 503, 691 and 700).

Nothing is read of the wheels themselves. Addresses are http or https; user name and password in one are used, and never
shown.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from html import unescape
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from diagnose.authoring.wheel import project_key
from diagnose.index import http
from diagnose.index.rows import encodable
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PAGE = 128 << 20
"""Bytes of a page of an index; the list of all projects of the largest one has about 40 MB."""
MAX_PARTS = 8_000_000
"""Values of a page in JSON, tags of one in HTML; the list of all projects of the largest one has about two million."""
MAX_SIZE = 1 << 50
"""Bytes that no wheel has: the number is not used."""
MAX_LINE = 8192
"""Characters of a line in a list."""
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


class Location(NamedTuple):
    """One wheel: a path, or an address.

    ``size`` is in bytes, 0 if the index does not say. ``sha256`` is what the index says, in hex; ``uploaded`` the day,
    as ``2026-03-01``; both may be empty.
    """

    place: str
    size: int = 0
    sha256: str = ""
    uploaded: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether it is an address."""
        return is_address(self.place)

    @property
    def label(self) -> str:
        """The place, as it may be shown: without credentials."""
        return encodable(http.shown(self.place) if self.is_remote else self.place)

    @property
    def file_name(self) -> str:
        """The wheel's file name."""
        return unquote(urlsplit(self.place).path).rpartition("/")[2] if self.is_remote else os.path.basename(self.place)


def is_address(text: str) -> bool:
    """Whether *text* is an address, of whatever scheme, and not a path."""
    return "://" in text[:16]


def locate(source: str, fetcher: http.Fetcher) -> Iterator[Location]:
    """Yield the wheels of *source*, in its order: folders sorted by path.

    Raises:
        InputError: it cannot be read, or has no wheel.
    """
    if is_address(source):
        _check_address(source)
        found = _at_address(source, fetcher)
    elif os.path.isdir(source):
        found = _in_folder(source)
    elif source.endswith(".whl"):
        found = iter([_file(source)])
    else:
        found = _in_list(source)
    empty = True
    for one in found:
        empty = False
        yield one
    if empty:
        raise InputError(f"{http.shown(source)}: no wheel")


def _file(path: str) -> Location:
    try:
        return Location(path, os.stat(path).st_size)
    except (OSError, ValueError):
        return Location(path)  # whoever reads it says why it cannot be read


def _in_folder(folder: str) -> Iterator[Location]:
    def fail(error: OSError) -> None:
        raise InputError(f"{error.filename or folder}: {error.strerror or error}")

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        yield from (_file(os.path.join(parent, name)) for name in sorted(names) if name.endswith(".whl"))


def _in_list(path: str) -> Iterator[Location]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as lines:
            number = 0
            while line := lines.readline(MAX_LINE):
                number += 1
                text = line.strip()
                if len(line) == MAX_LINE:
                    raise InputError(f"{path}:{number}: not a list of wheels: the line has over {MAX_LINE} characters")
                if not text or text.startswith("#"):
                    continue
                place, _, fragment = text.partition("#") if is_address(text) else (text, "", "")
                if is_address(place):
                    _check_address(place, f"{path}:{number}: ")
                if not (urlsplit(place).path if is_address(place) else place).endswith(".whl"):
                    raise InputError(f"{path}:{number}: not a wheel's path or address: {http.shown(text)[:200]}")
                yield Location(place, 0, _digest(fragment)) if is_address(place) else _file(place)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def _check_address(address: str, where: str = "") -> None:
    try:
        urlsplit(address)
    except ValueError:
        raise InputError(f"{where}{http.shown(address)}: not an address") from None


def _at_address(address: str, fetcher: http.Fetcher) -> Iterator[Location]:
    if urlsplit(address).path.endswith(".whl"):
        place, fragment = urldefrag(address)
        yield Location(place, 0, _digest(fragment))
        return
    page = _page(address, fetcher)
    yield from page.wheels
    for project in page.projects:
        yield from _page(project, fetcher).wheels


class _Page(NamedTuple):
    """A page of a simple index: the wheels of a project, or the pages of all projects."""

    wheels: list[Location]
    projects: list[str]


def _page(address: str, fetcher: http.Fetcher) -> _Page:
    answer = fetcher.get(address, MAX_PAGE, {"Accept": _ACCEPT})
    if "json" in answer.kind:
        return _json_page(answer, address)
    return _html_page(answer)


def _json_page(answer: http.HttpAnswer, address: str) -> _Page:
    """Read a page as PEP 691 has it, with PEP 700's sizes and times."""
    try:
        if sum(map(answer.body.count, (b"[", b"{", b","))) > MAX_PARTS:
            raise ValueError
        page = json.loads(answer.body)
        files, projects = page.get("files", []), page.get("projects", [])
        wheels = [
            Location(
                urljoin(answer.address, file["url"]),
                size if type(size := file.get("size", 0)) is int and 0 <= size < MAX_SIZE else 0,
                _hexadecimal(str(file.get("hashes", {}).get("sha256", ""))),
                _day(str(file.get("upload-time", ""))),
            )
            for file in files
            if str(file["filename"]).endswith(".whl")
        ]
        return _Page(wheels, [urljoin(answer.address, f"{_name(project['name'])}/") for project in projects])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{http.shown(address)}: not a page of a simple index: {type(error).__name__}") from None


def _html_page(answer: http.HttpAnswer) -> _Page:
    """Read a page as PEP 503 has it."""
    if answer.body.count(b"<") > MAX_PARTS:
        raise InputError(f"{http.shown(answer.address)}: refused, has more than {MAX_PARTS} tags")
    wheels, projects = [], []
    links = list(_links(answer.body.decode("utf-8", "replace")))
    base = answer.address
    with contextlib.suppress(ValueError):
        base = urljoin(base, next((href for tag, href in links if tag == "base"), ""))
    for tag, href in links:
        if tag == "base":
            continue
        try:
            place, fragment = urldefrag(urljoin(base, href))
            parts = urlsplit(place)
        except ValueError:
            continue
        if parts.path.endswith(".whl"):
            wheels.append(Location(place, 0, _digest(fragment)))
        elif place.startswith(base.rpartition("/")[0] + "/") and parts.path.endswith("/"):
            projects.append(place)
    return _Page(wheels, [] if wheels else [place for place in projects if place.rstrip("/") != base.rstrip("/")])


_OPENED = re.compile(r"<(?:(?P<comment>!--)|(?P<tag>[A-Za-z][^\s/>]*))")
_ATTRIBUTE = re.compile(
    r"[\s/]*(?:(?P<end>>)|(?P<name>[^\s/>=]+)"
    r"(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>\"'][^\s>]*)))?)"
)


def _links(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the target of each ``<a>`` and ``<base>`` of a page in HTML, comments left out.

    The parser of the standard library takes the square of the length of what does not end.
    """
    position = 0
    while opened := _OPENED.search(text, position):
        position = opened.end()
        if opened["comment"]:
            end = text.find("-->", position)
            if end < 0:
                return
            position = end + 3
            continue
        href = ""
        while part := _ATTRIBUTE.match(text, position):
            position = part.end()
            if part["end"]:
                break
            if part["name"].lower() == "href":
                href = href or unescape(part["double"] or part["single"] or part["bare"] or "")
        if href and (tag := opened["tag"].lower()) in ("a", "base"):
            yield tag, href


def _name(name: object) -> str:
    """Return a project's name as its page is named.

    Raises:
        ValueError: it is not one.
    """
    text = str(name)
    if not text.replace("-", "").replace("_", "").replace(".", "").isalnum() or not text.isascii():
        raise ValueError(text)
    return project_key(text)


def _digest(fragment: str) -> str:
    return _hexadecimal(fragment.removeprefix("sha256=")) if fragment.startswith("sha256=") else ""


def _hexadecimal(text: str) -> str:
    return text.lower() if len(text) == 64 and not text.lower().strip("0123456789abcdef") else ""


def _day(time: str) -> str:
    day = time[:10]
    return day if len(day) == 10 and day.replace("-", "").isdecimal() and day[4] == day[7] == "-" else ""
