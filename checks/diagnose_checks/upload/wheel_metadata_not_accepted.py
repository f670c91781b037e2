"""The wheel's METADATA breaks a rule of the package index or of the upload tool; installers do not mind.

The index accepts only classifiers of its list, ``http`` and ``https`` addresses, labels of up to 32 characters, and a
summary of up to 512. In ``Author-Email`` and ``Maintainer-Email`` it validates the address if there is exactly one: it
has an ``@``, and a domain with a period that does not end in a reserved name such as ``.local``.

twine and the index refuse a field that is newer than the declared ``Metadata-Version``, a field that is there twice, an
unknown one, and licence expressions that SPDX does not define. ``Private :: Do Not Upload`` is refused on purpose.

How to fix: correct the field in the project, and build the wheel again. A field that is newer than the declared version
comes from a build back end, or a plug-in of one, that is too old or was changed by hand.

References:
    https://packaging.python.org/en/latest/specifications/core-metadata/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/metadata.py
    https://github.com/JoshData/python-email-validator
    https://github.com/pypa/trove-classifiers
"""

from __future__ import annotations

from diagnose.authoring import mail_address
from diagnose.authoring.wheel import bounded, shorten, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.metadata import values
from diagnose.tables.classifiers import classifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")

_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
#: Field → the version that added it, and whether it may be there more than once: packaging 26.
_FIELDS = {
    "metadata-version": ("1.0", False),
    "name": ("1.0", False),
    "version": ("1.0", False),
    "platform": ("1.0", True),
    "summary": ("1.0", False),
    "description": ("1.0", False),
    "keywords": ("1.0", False),
    "home-page": ("1.0", False),
    "author": ("1.0", False),
    "author-email": ("1.0", False),
    "license": ("1.0", False),
    "supported-platform": ("1.1", True),
    "download-url": ("1.1", False),
    "classifier": ("1.1", True),
    "requires": ("1.1", True),
    "provides": ("1.1", True),
    "obsoletes": ("1.1", True),
    "maintainer": ("1.2", False),
    "maintainer-email": ("1.2", False),
    "requires-dist": ("1.2", True),
    "provides-dist": ("1.2", True),
    "obsoletes-dist": ("1.2", True),
    "requires-python": ("1.2", False),
    "requires-external": ("1.2", True),
    "project-url": ("1.2", True),
    "description-content-type": ("2.1", False),
    "provides-extra": ("2.1", True),
    "dynamic": ("2.2", True),
    "license-expression": ("2.4", False),
    # Older back ends write it with older versions; upload tools drop it then.
    "license-file": ("1.0", True),
    "import-name": ("2.5", True),
    "import-namespace": ("2.5", True),
}
_SUMMARY, _LABEL = 512, 32
#: The licence expressions of most projects; packaging reads the others.
_LICENSES_TEXT = """
    MIT Apache-2.0 BSD-3-Clause BSD-2-Clause ISC MPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only
    GPL-3.0-or-later LGPL-3.0-only LGPL-3.0-or-later LGPL-2.1-or-later AGPL-3.0-only Unlicense PSF-2.0 Zlib
    BSL-1.0 CC0-1.0 0BSD MIT-0 MIT-CMU Unicode-3.0 LGPL-2.1-only GPL-3.0 Python-2.0 EPL-2.0 LGPL-3.0 WTFPL
"""
_LICENSES = frozenset(_LICENSES_TEXT.split())


class _Refusal(NamedTuple):
    """A value that is refused, with the reason; ``certain`` unless the list of classifiers may be too old."""

    field: str
    value: str
    reason: str
    certain: bool = True


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See fields that the index or twine refuses, and no installer reads."""
    core = wheel.metadata.core
    found = [*_fields(core), *_classifiers(values(core, "classifier")), *_addresses(core), *_rest(core)]
    path = f"{wheel.dist_info}/METADATA"
    for certain in (True, False):
        refusals = [one for one in found if one.certain is certain]
        if not refusals:
            continue
        first = refusals[0]
        refused = "the package index refuses the upload" if certain else "the package index may refuse the upload"
        fields = list(dict.fromkeys(one.field for one in refusals))
        yield Finding(
            f"has metadata that the index does not accept: {some(fields)}"
            if certain
            else f"has classifiers that are not in the index's list: {some([one.value for one in refusals], 2)}",
            Severity.WARNING if certain else Severity.NOTE,
            bounded((Evidence(shorten(f"{one.field}: {one.value}: {one.reason}"), path) for one in refusals), "fields"),
            f"{refused}: {shorten(first.value, 60)!r} {first.reason}",
            (Fix("correct the field in the project, and build the wheel again"),),
        )


def _fields(core: tuple[tuple[str, str], ...]) -> Iterator[_Refusal]:
    said = (values(core, "metadata-version") or [""])[0]
    age = _VERSIONS.index(said) if said in _VERSIONS else len(_VERSIONS)
    found: dict[str, list[str]] = {}
    for name, value in core:
        found.setdefault(name, []).append(value)
    for name, given in found.items():
        shown = name.title()
        if name not in _FIELDS:
            yield _Refusal(shown, given[0], "is in an unrecognized field")
            continue
        since, many = _FIELDS[name]
        if len(given) > 1 and not many:
            yield _Refusal(shown, given[1], "is in a field that is there twice")
        elif _VERSIONS.index(since) > age:
            yield _Refusal(shown, given[0], f"is in a field of version {since}, and METADATA has {said}")


def _classifiers(found: list[str]) -> Iterator[_Refusal]:
    table = classifiers()
    for value in dict.fromkeys(found):
        if value in table.known or value == "UNKNOWN":
            continue
        if value.startswith("Private ::"):
            yield _Refusal("Classifier", value, "keeps the project off the index", certain=False)
        elif (new := table.deprecated.get(value)) is not None:
            yield _Refusal("Classifier", value, "has been deprecated" + (f", use {new}" if new else ""))
        elif meant := _by_letters().get(_letters(value)):
            yield _Refusal("Classifier", value, f"is not a valid classifier, {meant} is")
        elif not re.search(r"\d", value) or _shape(value) not in _shapes():
            yield _Refusal("Classifier", value, f"is not in {table.source}", certain=False)


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9:+#]", "", text.lower())


@cache
def _by_letters() -> dict[str, str]:
    """Return letters and digits of each classifier → the classifier."""
    return {_letters(one): one for one in sorted(classifiers().known)}


@cache
def _shapes() -> frozenset[str]:
    return frozenset(map(_shape, classifiers().known))


def _addresses(core: tuple[tuple[str, str], ...]) -> Iterator[_Refusal]:
    for field in ("home-page", "download-url"):
        for value in values(core, field)[:1]:
            if value and value != "UNKNOWN" and not _is_web(value):
                yield _Refusal(field.title(), value, "is not a valid url")
    for field in ("author-email", "maintainer-email"):
        for value in values(core, field)[:1]:
            if flaw := mail_address.refusal(value):
                yield _Refusal(field.title(), value, f"is not a valid email address: it {flaw}")
    labels = set()
    for value in values(core, "project-url"):
        label, _, address = (part.strip() for part in value.partition(","))
        if label in labels:
            yield _Refusal("Project-URL", value, "has a label that is there twice")
        elif not label or len(label) > _LABEL:
            yield _Refusal("Project-URL", value, f"must have a label of {_LABEL} characters or less")
        elif not _is_web(address):
            yield _Refusal("Project-URL", value, "is not a valid url")
        labels.add(label)


def _is_web(address: str) -> bool:
    return re.match(r"https?:", address, re.IGNORECASE) is not None


def _rest(core: tuple[tuple[str, str], ...]) -> Iterator[_Refusal]:
    for value in values(core, "summary")[:1]:
        if len(value) > _SUMMARY:
            yield _Refusal("Summary", value, f"must be {_SUMMARY} characters or less")
    for value in values(core, "provides-extra"):
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", value, re.IGNORECASE | re.ASCII):
            yield _Refusal("Provides-Extra", value, "is not a valid name")
    for value in values(core, "dynamic"):
        if value.lower() not in _FIELDS or value.lower() in ("name", "version", "metadata-version"):
            yield _Refusal("Dynamic", value, "is not a valid dynamic field")
    expressions = values(core, "license-expression")[:1]
    for value in expressions:
        if not _LICENSES.issuperset(re.split(" (?:AND|OR) ", value)) and not _is_expression(value):
            yield _Refusal("License-Expression", value, "is not a valid SPDX expression")
    if expressions and any(value not in ("", "UNKNOWN") for value in values(core, "license")):
        yield _Refusal("License", values(core, "license")[0], "is deprecated when License-Expression is present")


def _is_expression(value: str) -> bool:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(value) > _SUMMARY:
        return True
    try:
        canonicalize_license_expression(value)
    except InvalidLicenseExpression:
        return False
    return True
