"""A downloaded file does not have the hash that the requirements or the lock file name, or a hash is missing.

With hashes in a requirements file pip checks every file, also those of dependencies: each needs a version (``==``)
and a hash. A file that was replaced on a private index, a cut download, or a hash of another platform's file does not
match.

How to fix: make the file of hashes again, with all dependencies. If the index serves other content than before, find
out why before you accept it.

References:
    https://pip.pypa.io/en/stable/topics/secure-installs/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "hash-refused",
        ("DO NOT MATCH THE HASHES", r"THESE PACKAGES DO NOT MATCH THE HASHES"),
        ("hash mismatch in fixed-output", r"hash mismatch in fixed-output derivation '(?P<nix>[^']{1,300})'"),
        ("ash mismatch for", r"Hash mismatch for `(?P<package>[^`]{1,200})`"),
        (
            "not found in known hashes",
            r"Hash for (?P<package>\S.{0,100}?) from archive \S{1,200} not found in known hashes",
        ),
        (
            "-require-hashes",
            r"In `?--require-hashes`? mode, all requirements must have their versions pinned(?P<unpinned>)",
        ),
        (
            "-require-hashes",
            r"In `--require-hashes` mode, all requirements must (?:be pinned|have a hash)\S{0,5}(?P<unpinned>)",
        ),
        # CMake: ExternalProject and FetchContent, and file(DOWNLOAD)
        (
            "does not match expected value",
            r"^does not match expected value\s+expected: '(?P<expected>[0-9a-f]{32,128})'\s+"
            r"actual: '(?P<actual>[0-9a-f]{32,128})'",
            3,
        ),
        (
            "DOWNLOAD HASH mismatch",
            r"^file DOWNLOAD HASH mismatch\s.{0,400}?expected hash: \[(?P<expected>[0-9a-f]{32,128})\]\s+"
            r"actual hash: \[(?P<actual>[0-9a-f]{32,128})\]",
            6,
        ),
        ("ashes are required in", r"Hashes are required in --require-hashes mode, but they are missing(?P<unpinned>)"),
    )
    + patterns_for(
        "hash-in-address",  # the index gives it, whatever a requirements file says
        ("#sha256=", r"#sha256=(?P<sha>[0-9a-f]{64})\b.{0,300}\s+Expected sha256 (?P=sha)\b", 3),
        # a terminal or a page that copied it broke the hash up
        (
            "#sha256=",
            r"#sha256=(?P<start>[0-9a-f]{1,63})\s{1,40}(?P<end>[0-9a-f]{1,63})\b.{0,300}\s+"
            r"Expected sha256 (?P=start)(?P=end)\b",
            3,
        ),
    )
    + patterns_for("hash-of-index", ("unknown package:", r"^unknown package:$")),
)


_AFTER = 4  # lines from pip's refusal to the package


def _of_index(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding for a hash that no file of the user has: pip knows it from the index, and no package yet."""
    return finding_from_hits(
        log,
        [hit, *log.near(hit.line, "hash-of-index", "hash-in-address", after=_AFTER)],
        "a download is not the file that the index names: it was cut, or changed on its way",
        "Nothing is installed. pip speaks of a requirements file also where the index gives the hash.",
        (
            Fix(
                "download it again",
                (
                    Command("python3 -m pip cache purge", FixStage.TOOLCHAIN),
                    Command("python3 -m pip install --no-cache-dir --retries 10 PACKAGE", FixStage.BUILD),
                ),
                notes="PACKAGE stands for what your own command installs.",
            ),
            Fix(
                "if it happens again: look for a program between",
                notes="A proxy, a mirror or a scanner may answer with another file; `python3 -m pip config list` shows "
                "the index. An extra index (piwheels) may have built the file again: --index-url of the public one "
                "alone.",
            ),
        ),
    )


def _of_cmake(log: BuildLog, hit: Hit, actual: str) -> Finding:
    """Return the finding for a file of CMake's ExternalProject, FetchContent or file(DOWNLOAD)."""
    return finding_from_hits(
        log,
        [hit],
        "a file that CMake downloads has another hash than the one in the project's CMake files",
        "CMake stops, and nothing is compiled.",
        (
            Fix(
                "take a newer release of the project, or write the new hash into its CMake file",
                notes=f"The file has {actual}. Services that pack an archive for each request (GitLab, GitHub, cgit) "
                "may pack it otherwise one day; look into it before you trust it.",
            ),
            Fix(
                "if it differs from one download to the next: bring the file yourself",
                notes="-DFETCHCONTENT_SOURCE_DIR_NAME=FOLDER takes unpacked sources, with the name in capitals. A "
                "proxy or a page with an error in place of the file has another hash, too: `curl -L ADDRESS | head`.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip, uv or Poetry refuse a file for its hash."""
    for hit in log.find("hash-refused")[:1]:
        package = hit.groups["package"]
        if hit.groups["nix"]:
            yield finding_from_hits(
                log,
                [hit],
                "a file that Nix has downloaded has another hash than the one in the expression",
                "Nothing is built.",
                (
                    Fix(
                        "write the hash of the line `got` into the expression, if the file is the one that you mean",
                        notes="After a change of version it is always another one. cargoHash and vendorHash change "
                        "with the lock "
                        "file. Without a change of yours: ask why the file behind the address changed.",
                    ),
                ),
            )
            return
        if actual := hit.groups["actual"]:
            yield _of_cmake(log, hit, actual)
            return
        if "DO NOT MATCH" in hit.text and log.near(hit.line, "hash-of-index", "hash-in-address", after=_AFTER):
            yield _of_index(log, hit)
            return
        mismatch = package or "DO NOT MATCH" in hit.text
        yield finding_from_hits(
            log,
            [hit],
            f"the file that was downloaded{f' for {package}' if package else ''} has another hash than the one on "
            f"record"
            if mismatch
            else "a requirement has no hash or no fixed version, and the other requirements have hashes",
            "Nothing is installed.",
            (
                Fix(
                    "make the file of hashes again, with all dependencies",
                    notes="With uv: uv pip compile --generate-hashes requirements.in -o requirements.txt. With "
                    "pip-tools: "
                    "pip-compile --generate-hashes. With Poetry or uv's lock file: poetry lock, uv lock "
                    "--upgrade-package NAME.",
                ),
                Fix(
                    "if the download may be cut or old: empty the cache",
                    (Command("python3 -m pip cache purge", FixStage.TOOLCHAIN),),
                    notes="uv: uv cache clean NAME. A hash that differs again and again: ask why the index changed "
                    "the file.",
                )
                if mismatch
                else Fix(
                    "take all hashes out of the file", notes="pip checks hashes as soon as one requirement has one."
                ),
            ),
        )
