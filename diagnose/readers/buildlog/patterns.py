r"""The patterns that several checks share: failed processes, pkg-config's and the linker's messages, the environment.

A pattern that only one check needs is in that check's module. Sources: the history of rust-lang/pkg-config-rs
(``src/lib.rs``), pkgconf and freedesktop's pkg-config; GNU binutils (``ld/ldmain.c``, ``ld/ldfile.c``, ``bfd/bfd.c``),
LLVM's lld, mold and zig; cargo and rustc; glibc's and musl's loaders; apt and dpkg; the images' own names.
"""

from __future__ import annotations

from diagnose.model.pattern import ANY_TRIPLE, TRIPLE, Pattern, patterns_for
from diagnose.readers.buildlog.marks import PATTERNS as MARKS
from diagnose.readers.buildlog.sighted_systems import PATTERNS as SYSTEMS
from diagnose.tables.translations import CANNOT_LOCATE, linker

_Q = "[`'\"]?"
_LD = r"(?:(?<!\S)(?P<ld>\S*(?:ld|lld|gold|mold)(?:\.\w+)?): )?(?:error: )?"
_PC = r"(?<![\w./+-])[\w./+-]*pkg-?conf(?:ig)?"

# The unit of work that a line belongs to, and its result.
_UNITS = (
    *patterns_for(
        "crate-failed",
        ("custom build command for", rf"build command for {_Q}(?P<crate>[\w-]+) v(?P<version>\d\S*?){_Q}(?:\s|$)"),
    ),
    *patterns_for("link-failed", ("linking with ", rf"linking with {_Q}(?P<linker>[^`'\"\s]+){_Q} failed")),
    *patterns_for(
        "crate-done",
        ("could not compile", rf"could not compile {_Q}(?P<crate>[\w-]+){_Q}(?: v\S+ \S+)?(?: \((?P<part>[^)]*)\))?"),
    ),
    *patterns_for("rust-waits", ("build failed, waiting", "build failed, waiting for other jobs")),
)

_PKG_CONFIG = (
    *patterns_for(
        "pc-guard",
        ("configured to support cross", "has not been configured to support cross-compilation"),
        ("Cross compilation detected", r"Cross compilation detected\. Use PKG_CONFIG_ALLOW_CROSS"),
        ("handle cross compilation", r"doesn't handle cross compilation\. Use PKG_CONFIG_ALLOW_CROSS"),
        ("CrossCompilation", r"(?:value: |fail: |: |`)\"?CrossCompilation\b"),
    ),
    *patterns_for(
        "pc-command",
        ("Failure { command", r"Failure \{ command: \"(?P<command>(?=.{0,600}--cflags).{0,1500}?)\", output: "),
        (
            "--cflags",
            r"(?P<command>(?:(?<![^\s\"'`({>])\w[\w-]*=(?:\"(?:[^\"\\]|\\.){0,800}\"|'[^']{0,800}'|[^\s\"']{0,800})\s+){0,16}\"?(?<![^\s\"`=>{])[^\s\"`=>{]+\"?\s+\"?--[^\s`]*\s+(?:[^\s`]+\s+){0,8}\"?--cflags[^`]*)",
        ),
    ),
    *patterns_for(
        "pc-spawn",
        ("Could not run", "Could not run `(?P<command>[^`]*)`"),
        ("ailed to run", r"[Ff]ailed to run `(?P<command>(?=[^`]*--libs)[^`]*)`(?::? (?P<why>.*))?"),
        ("because", r"Failed to run command `(?P<command>[^`]*)`, because(?P<why>)"),
        ("command could not be found", "The pkg-config command could not be found"),
        ("Command { command", r"Command \{ command: \"?(?P<command>(?=.{0,600}--libs).{0,1500}?)\", cause: (?P<why>.*)"),
    ),
    *patterns_for(
        "pc-shell",
        ("not found", rf"(?:^|[:\s'\"])(?P<program>{_PC})['\"]?: (?:command )?not found"),
        ("executable file not found", rf"\"?(?P<program>{_PC})\"?: executable file not found"),
        ("No such file or directory", rf"No such file or directory: '(?P<program>{_PC})'"),
        ("pkg-config: No such file", r"(?:^|\s)(?P<program>pkg-config): No such file or directory"),
        ("pkg-config script could not", r"pkg-config script could not be found or is (?:too old|not executable)"),
        ("PKG_CONFIG_EXECUTABLE", r"Could NOT find PkgConfig \(missing: [^)]{0,300}PKG_CONFIG_EXECUTABLE"),
        ("pkg-config by name", r"Did not find pkg-config by name '(?P<program>[^']+)'"),
        # Meson, to 0.63, to 1.2, and newer
        ("for machine ", r"(?:Dependency lookup for (?P<module>[\w.+-]{1,80}) with .{1,60})?[Pp]kg-config (?:binary )?for machine (?:MachineChoice\.\w{1,10}|\d|\w{1,10} machine) not found"),
        ("pkg-config probably not", "pkg-config probably not installed"),
        ("to invoke pkg-config", r"Unable to invoke pkg-config\b"),
        ("nstall pkg-config on", r"Please install pkg-config on your system"),
        ("pkg-config is required", r"pkg-config is required"),
        ("in your path", r"ould not find [`'\"]?(?P<program>pkg-config)[`'\"]? in your (?:path|PATH|\$PATH)\b"),
        ("no pkg-config in", r"which: no (?P<program>pkg-config) in"),
        ("'pkg-config'", r"(?:[Pp]rogram|binary|command) '?(?P<program>pkg-config)'? (?:was )?(?:not found|could not be found)"),
    ),
    *patterns_for(
        "pc-failed",
        ("pkg-config exited with", r"pkg-config exited with status code (?P<status>-?\d+)"),
        (
            "did not exit successfully",
            r"`(?=[^`]*--cflags)[^`]*` did not exit successfully(?:: (?:exit (?:status|code): |signal: )(?P<status>\d{1,5}))?",
        ),
        ("Failure { command", r"Failure \{ command: .{0,600}--cflags"),
    ),
    *patterns_for(
        "pc-library",
        (
            "The system library",
            rf"The system library {_Q}(?P<module>[^`'\"\s]+){_Q} required by crate {_Q}(?P<crate>[\w-]+){_Q} was not found(?P<silent>)",
        ),
        (
            "could not find system library",
            rf"could not find system library {_Q}(?P<module>[^`'\"\s]+){_Q} required by the {_Q}(?P<crate>[\w-]+){_Q} crate",
        ),
    ),
    *patterns_for(
        "pc-transitive",
        (
            "required by",
            r"Package '?(?P<module>[^',\s]+)'?, required by '(?!(?:virtual:)?world')(?P<by>[^']+)', not found",
        ),
    ),
    *patterns_for(
        "pc-none",
        ("was not found in the pkg-config", r"Package '?(?P<module>[^'\s]+)'? was not found in the pkg-config search path"),
        ("required by", r"Package '(?P<module>[^']+)', required by '(?:virtual:)?world', not found"),
        ("No package", r"No package '(?P<module>[^']+)' found"),
        ("PackageNotFoundError: ", r"pkgconfig\.pkgconfig\.PackageNotFoundError: (?P<module>[\w.+-]{1,80}) not found$"),
        ("None of the required", r"None of the required '(?P<module>[^']+)' found"),
        ("(tried pkg", r"Dependency \"?(?P<module>[\w.+-]+)\"? not found \(tried pkg-?config"),
        ("tried pkgconf", r"Dependency \"?(?P<module>[\w.+-]+)\"? not found, tried pkgconf"),
        # the search has printed why, such as another version
        (
            "is required but not found",
            r"ERROR: Dependency ['\"](?P<module>(?!(?:boost|threads|openmp|mpi|cuda|llvm|python3?|numpy|pybind11|qt[456]?)['\"])[\w.+-]{1,80})['\"] is required but not found",
        ),
        (" dependency ", r"^(?:Native|Cross|Build) dependency '?(?P<module>[\w.+-]{1,80})'? not found\.?$"),
        (".wrap file was found", r"Neither a subproject directory nor a (?P<module>[\w.+-]{1,80})\.wrap file was found"),
        ("required packages were not found", r"The following required packages were not found:(?:\s+- (?P<module>\S+))?", 2),
        ("Package requirements", r"Package requirements \((?P<module>[^)\s]{1,200})(?P<rest>(?:\s[^)]{0,400})?)\) were not met"),
    ),
    *patterns_for(
        "pc-version",
        ("but version of", r"Requested '(?P<module>[^'\s]+) (?P<needs>[<>=]{1,2} ?[^'<>=][^']{0,80})' but version of .{1,200}? is (?P<found>\S+)"),
        (
            "Package dependency requirement",
            r"Package dependency requirement '(?P<module>[^'\s]+) (?P<needs>[<>=]{1,2} ?[^'<>=][^']{0,80})' could not be satisfied",
        ),
        (
            "required version is",
            r"Package '(?P<module>[^']+)' has version '(?P<found>[^']+)', required version is '(?P<needs>[^']+)'",
        ),
        ("failed: Invalid version, need", r"Invalid version, need '(?P<module>[^']{1,80})' \['(?P<needs>[^']{1,60})'.{0,100}\] found '(?P<found>[^']{1,40})'"),
        ("but need", r"[Dd]ependency (?P<module>\S+) found: NO\W+[Ff]ound '?(?P<found>[\w.]+)'?,? but need:? '?(?P<needs>[^)']+)"),
    ),
    *patterns_for(
        "pc-path",
        ("PKG_CONFIG_PATH contains", r"PKG_CONFIG_PATH contains the following:(?P<folders>(?:\s+- \S+)+)", 8),
    ),
    *patterns_for(
        "pc-side",
        ("rerun-if-env-changed=", r"rerun-if-env-changed=(?P<side>TARGET|HOST)_PKG_CONFIG"),
        ("rerun-if-env-changed=", rf"rerun-if-env-changed=PKG_CONFIG(?:_[A-Z]+)*_(?P<triple>{TRIPLE})\s*$"),
        # openssl-sys and the cc crate name their target in the same way
        ("rerun-if-env-changed=", r"rerun-if-env-changed=(?P<upper>[A-Z0-9]+(?:_64(?:EL)?)?_UNKNOWN_LINUX_[A-Z0-9]+)_OPENSSL_"),
        ("rerun-if-env-changed=", rf"rerun-if-env-changed=(?:CC|CXX|AR|CFLAGS|CXXFLAGS)_(?P<triple>{TRIPLE})\s*$"),
    ),
)  # fmt: skip

_LINKING = (
    *patterns_for(
        "ld-skipping",
        (
            "skipping incompatible",
            rf"{_LD}skipping incompatible (?P<file>\S+) (?:when|while) searching for (?:-l|lib)?(?P<lib>[^\s.]+(?:\.\d[\d.]*(?!\S))?)",
        ),
        ("skipping incompatible file", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): skipping incompatible file"),
    ),
    *patterns_for(
        "ld-generic-elf",
        ("elocations in generic ELF", rf"{_LD}(?<!\S)(?P<file>\S+): [Rr]elocations in generic ELF \(EM: (?P<machine>\d+)\)"),
    ),
    *patterns_for(
        "ld-wrong-file",
        ("ile in wrong format", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): (?:(?:error adding|could not read) symbols: )?[Ff]ile in wrong format"),
        ("not recognized", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): file not recognized: [Ff]ile (?:format not recognized|in wrong format)"),
        ("is incompatible with", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+) is incompatible with (?P<emulation>(?:elf|arm|aarch|ppc|i386)[\w-]*)"),
        ("incompatible file type", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): incompatible file type: (?P<want>\w+) is expected but got (?P<got>\w+)"),
        ("incompatible target", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): incompatible target"),
        ("unsupported ELF machine", r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): unsupported ELF machine number (?P<owner>\d+)"),
        ("incompatible architecture: ", r"`(?P<file>[^`]+)` has incompatible architecture: (?P<got>\w+), expecting (?P<want>\w+)"),
        ("of input file", r"architecture of input file [`'](?P<file>[^'\s]+)' is incompatible with (?P<want>[\w:]+) output"),
    ),
    *patterns_for(
        "ld-no-lib",
        ("cannot find -l", rf"{_LD}cannot find -l(?P<lib>:?[^\s:,]+)(?![^\s:,])(?!: Too many open)"),
        ("unable to find library -l", r"unable to find library -l(?P<lib>:?[^\s:,]+)"),
        ("library not found: ", r"library not found: '?(?P<lib>[\w.+-]+)'?$"),
        # Apple's ld, old and new, and Microsoft's
        ("library not found for -l", r"(?:ld|ld64\.lld): (?:error: )?library not found for -l(?P<lib>[^\s:,]+)"),
        ("ld: library ", r"ld: library '(?P<lib>[^']+)' not found"),
        (
            " library '",  # Meson's
            r"ERROR: (?:C|C\+\+|Fortran|Objective-C)(?: shared or static| static| shared)? library '(?P<lib>[\w.+-]{1,80})' not found",
        ),
        ("fatal error LNK1", r"LNK1(?:181|104): .{0,80}?['\"](?P<complete>[\w.+-]+\.lib)['\"]"),
        ("could not open", r"lld-link\S{0,40}: error: could not open '(?P<complete>[\w.+-]+\.lib)'"),
        ("on library search path", r"Couldn't find library `(?P<lib>[^`]+)` on library search path"),
        ("system library", r"unable to find (?:[Dd]ynamic |[Ss]tatic )?system library ['\"](?P<lib>[^'\"]+)['\"] using strategy"),
    ),
    *patterns_for(
        "ld-no-file",
        ("cannot find ", rf"{_LD}cannot find (?P<file>(?!-l)\S*\.(?:o|a|so)[\w.]*)(?![\w.])(?!: Too many open)(?: inside (?P<sysroot>\S+))?"),
        ("cannot open ", r"(?:ld\.lld|ld\.gold|gold|ld|mold): (?:error|fatal|fatal error): cannot open (?P<file>[^\s:]+): No such file"),
        ("cannot open:", r"mold: (?:fatal|error): (?P<file>\S+): cannot open"),
        ("Failed to open ", r"wild: error: Failed to open (?:input )?file [`'](?P<file>[^`'\s]+)[`']"),
        ("No such file", rf"{_LD}(?P<file>(?:(?<!\S)\S*/)?(?:Scrt1|crt1|crti|crtbeginS?|crtendS?|crtn)\.o): No such file"),
    ),
    *patterns_for(
        "ld-undefined",
        ("undefined reference to", r"(?:(?<![^\s'\"])(?P<file>[^\s'\"]+?): )?undefined reference to [`'\"]?(?P<symbol>(?:operator |vtable for )?[^'\"\s]+)"),
        ("undefined symbol: ", r"mold: (?:error: )?undefined symbol: (?P<file>\S{1,400}[.)]\S{0,400}): (?P<symbol>(?:operator )?\S+)"),
        ("undefined symbol: _", r"ld64\.lld: error: undefined symbol: _(?P<symbol>\S+)"),
        ("undefined symbol: ", r"(?:ld\.lld|lld|error|mold)\S{0,60}: (?:error: )?undefined symbol: (?P<symbol>(?:operator |vtable for )?\S+)"),
        ("no-allow-shlib-undefined", r"undefined reference due to --no-allow-shlib-undefined: (?P<symbol>\S+)"),
        ("undefined reference: ", r"undefined reference: (?P<symbol>\S+)"),
        ("Undefined symbol ", r"wild: error: Undefined symbol `?(?P<symbol>[^\s`,]+)`?, referenced by"),
        (": undefined symbol: ", r"wasm-ld: error: (?P<file>\S{1,400}): undefined symbol: (?P<symbol>\S+)"),
        (", referenced from:", r"^\"_(?P<symbol>[^\"]{1,300})\", referenced from:"),  # Apple's
    ),
    *patterns_for(
        "ld-host-script",
        ("is incompatible with", r"(?:ld|ld\.lld|rust-lld): error: (?P<file>\S+) is incompatible with (?P<format>elf\d\d-[\w-]+)"),
        ("supported on AArch64 targets", r"--fix-cortex-\S{1,40} is only supported on AArch64 targets"),
    ),
    *patterns_for("ld-static", ("static version of the", r"have you installed the static version of the (?P<lib>\S+) library")),
    *patterns_for(
        "ld-musl",
        ("musl-gcc", r"(?:^|[\s\"'/])(?P<ld>musl-gcc)\b"),
        ("-linux-musl", r"(?:^|[\s\"'/])(?P<ld>[\w.-]{1,40}-linux-musl\w*(?:-(?:gcc|g\+\+|ld|cc)|/bin/ld))\b"),
    ),
    *patterns_for("ld-referenced", (">>> referenced by", r">>> referenced by (?P<file>\S+)")),
    *patterns_for("ld-needed", (", needed by", r"(?<![\w.+-])(?P<lib>lib[\w.+-]+\.so[\w.]{0,40}), needed by (?P<by>\S+), not found")),
    *patterns_for(
        "native-static",
        ("native static library", rf"could not find native static library {_Q}(?P<lib>[^`'\"\s,]+)"),
    ),
    *patterns_for("no-linker", ("not found", rf"linker {_Q}(?P<linker>[^`'\"\s]+){_Q} not found")),
)  # fmt: skip

_VERSION = r"version [`']?(?P<version>{family}_[\w.]+)[`']? not found(?: \(required by (?P<by>[^)]+)\))?"
_LOADER = (
    *patterns_for(
        "glibc-wanted",
        (
            "GLIBC_",
            r"(?<!\S)(?P<libc>\S*(?:lib(?:c|m|pthread|dl|rt|resolv|util|anl|mvec|nss_\w{1,20})[.-]|ld-linux|ld64?\.so)[\w.-]{0,40}): "
            + _VERSION.replace("{family}", "GLIBC"),
        ),
    ),
    *patterns_for(
        "glibcxx-wanted",
        ("GLIBCXX_", r"(?<![^\s(])(?P<libc>[^\s(]+): " + _VERSION.replace("{family}", "GLIBCXX")),
        ("CXXABI_", r"(?<![^\s(])(?P<libc>[^\s(]+): " + _VERSION.replace("{family}", "CXXABI")),
        ("GCC_", r"(?<![^\s(])(?P<libc>[^\s(]+): " + _VERSION.replace("{family}", "GCC")),
    ),
    *patterns_for(
        "loader-no-lib",
        (
            "cannot open shared object file",
            r"(?:(?<![^\s:'\"])(?P<folder>[^\s:'\"]*/))?(?<![\w.+-])(?P<lib>[\w.+-]+\.so[\w.]{0,40}): cannot open shared object file(?:: (?P<why>[A-Z][\w ]{1,60}))?",
        ),
        # Android's loader
        (
            "CANNOT LINK EXECUTABLE",
            r"CANNOT LINK EXECUTABLE .{0,300}?: (?:library|cannot find) \"(?P<lib>[\w.+-]+\.so[\w.]{0,40})\"(?P<bionic>)",
        ),
        ("dlopen failed: ", r"dlopen failed: library \"(?P<lib>[\w.+-]+\.so[\w.]{0,40})\" not found(?P<bionic>)"),
        (
            "could not load library",
            r"could not load library \"[^\"]{1,300}\" .{0,300}; caused by library \"(?P<lib>[\w.+-]+\.so[\w.]{0,40})\" not found(?P<bionic>)",
        ),
        # of FreeBSD and NetBSD, of OpenBSD, of illumos
        ("Shared object ", r"Shared object \"(?P<lib>[\w.+-]+\.so[\w.]{0,40})\" not found(?P<bsd>)"),
        ("load library ", r"ld\.so: [^\s:]{1,200}: can't load library '(?P<lib>[\w.+-]+\.so[\w.]{0,40})'(?P<bsd>)"),
        (
            "open failed: No such",
            r"ld\.so\.1: [^\s:]{1,200}: fatal: (?P<lib>[\w.+-]+\.so[\w.]{0,40}): open failed: No such(?P<bsd>)",
        ),
    ),
    *patterns_for(
        "loader-undefined",
        (
            "undefined symbol: ",
            r"(?:^|[\s'\"]|(?<!\S)\()(?P<file>(?!error:|mold:)[^\s:'\"]+): undefined symbol: (?P<symbol>[\w@.]+)(?![\w@.:])(?:, version (?P<version>\w+(?:\.\w+)*))?",
        ),
        # of FreeBSD and OpenBSD
        (
            "ndefined symbol ",
            r"(?:^|[\s:])(?P<file>/[^\s:'\"]+): [Uu]ndefined symbol ['\"](?P<symbol>[\w@.]{1,300})['\"](?P<bsd>)",
        ),
        ("cannot locate symbol", r"cannot locate symbol \"(?P<symbol>[^\"]+)\" referenced by \"(?P<file>[^\"]+)\""),
        ("ymbol not found", r"dlopen\((?P<file>[^,]{1,300}), \w+\): Symbol not found:\s+\(?_?(?P<symbol>\w+)", 2),
        # a terminal's line may end within the words
        (
            "symbol not found in flat",
            r"dlopen\((?P<file>[^,]{1,300}), \w+\): symbol not found in flat\s+namespace\s+'?\(?_?(?P<symbol>\w+)",
            2,
        ),
        (
            "flat namespace",
            r"dlopen\((?P<file>[^,]{1,300}), \w+\): symbol not found in flat namespace '?\(?_?(?P<symbol>\w+)",
        ),
        ("ymbol not found", r"Symbol not found:\s+\(?_?(?P<symbol>\w+)", 2),
        ("flat namespace", r"symbol not found in flat namespace '?\(?_?(?P<symbol>\w+)"),
    ),
    *patterns_for(
        "musl-relocating",
        ("Error relocating", r"Error relocating (?P<file>[^:\s]+): (?P<symbol>\S+): symbol not found"),
    ),
    *patterns_for(
        "musl-no-lib",
        (
            "Error loading shared library",
            r"Error loading shared library (?P<lib>[^:\s]{1,200})(?![^:\s]):? ?(?P<why>[^()]{0,200})(?: \(needed by (?P<by>[^)]{1,300})\))?$",
        ),
    ),
)


def _in_their_words(words: str) -> tuple[str, str]:
    """Return apt's message *words* about the package ``%s`` as (anchor, pattern)."""
    before, after = words.split("%s")
    return max(before, after, key=len), rf"^E: {before}(?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))?{after}"


_UNMET = r"(?:^|\s)(?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))? : "
_NEEDED = (
    r"(?P<needs>[\w.+-]+)(?::(?P<needs_arch>[\w-]+))?"
    r"(?: \((?P<version>[^)]*)\))?(?P<why> but.*| is not.*)?$"
)
_APT = (
    *patterns_for(
        "apt-unfetched",
        ("ailed to fetch", r"^(?:E|W|Err|Error|Warning): ?Failed to fetch (?P<url>\S+/binary-(?P<arch>[\w-]+)/\S*)\s+404"),
        ("ailed to fetch", r"^(?:E|W|Err|Error|Warning): ?Failed to fetch (?P<url>\S+)\s+(?P<why>.*)"),
        ("  404", r"(?P<url>https?://\S{1,200}/binary-(?P<arch>[\w-]{1,30})/Packages\S{0,60})\s+404"),
    ),
    *patterns_for(
        "apt-index",
        (
            " Packages",
            r"(?P<state>Err|Ign|Get|Hit):?\d*:? ?(?P<url>[a-z+]+:\S+) (?P<suite>[\w./-]+?)/(?P<component>[\w-]+) (?P<arch>[\w-]+) Packages",
        ),
    ),
    *patterns_for("apt-404", ("404  ", r"^\s*404\s+\S.*?(?: \[IP: (?P<ip>[\w.:]+)|$)")),
    *patterns_for(
        "apt-no-release",
        ("The repository ", r"The repository '(?P<url>\S+) (?P<suite>[\w./-]+) (?:In)?Release' (?:does not have|no longer has)"),
    ),
    *patterns_for(
        "apt-release-404",
        (" Release", r"^Err:?\d*:? ?(?P<url>[a-z+]+:\S+) (?P<suite>[\w./-]+) Release\s+404  ?Not Found", 2),
    ),
    *patterns_for(
        "apt-unlocatable",
        ("Unable to locate package", r"Unable to locate package (?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))?"),
        *(_in_their_words(words) for words in CANNOT_LOCATE),
        ("but is referred to by", r"^Package (?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))? is not available, but is referred"),
        ("installation candidate", r"Package '?(?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))?'? has no installation candidate"),
    ),
    *patterns_for(
        "apt-virtual",
        ("is a virtual package", r"Package (?P<package>[\w.+-]+)(?::(?P<arch>[\w-]+))? is a virtual package provided by"),
    ),
    *patterns_for(
        "apt-unmet",
        ("Depends: ", rf"{_UNMET}(?:Pre-?)?Depends: {_NEEDED}"),
        ("Breaks: ", rf"{_UNMET}(?P<breaks>Breaks): {_NEEDED}"),
        ("Conflicts: ", rf"{_UNMET}(?P<breaks>Conflicts): {_NEEDED}"),
    ),
    *patterns_for(
        "apt-broken",
        ("held broken", "held broken packages"),
        ("roken packages", "Broken packages"),
        ("Unmet dependencies", "Unmet dependencies"),
    ),
    *patterns_for(
        "apt-no-arch",
        (
            "Skipping acquire of configured file",
            r"as repository '(?P<url>\S+) [^']*' (?:doesn't|does not) support architecture '(?P<arch>[\w-]+)'",
        ),
    ),
    *patterns_for(
        "apt-updated",
        ("InRelease", r"^(?:Get|Hit):?\d*:? \S+ \S+ InRelease"),
        ("Release", r"^(?:Get|Hit):?\d*:? \S+ \S+ Release"),
        ("Fetched ", r"^Fetched \S+ \S+ in "),
        ("packages can be upgraded", "packages can be upgraded"),
        (" update", r"\bapt(?:-get|itude)?(?: -\S{1,80}){0,6} update\b"),
    ),
    *patterns_for("apt-arch", ("-architecture ", r"(?:dpkg --add-architecture|--foreign-architecture) (?P<arch>[a-z][\w-]+)")),
)  # fmt: skip

_PLACE = (
    *patterns_for(
        "target",
        ("-unknown-linux-", rf"TARGET(?: = |: )(?:Some\()?\"?(?P<triple>{TRIPLE})"),
        ("-unknown-linux-", rf"--target[= ]\"?(?P<triple>{TRIPLE})"),
        ("-unknown-linux-", rf"(?:CARGO_BUILD_TARGET|RUST_MUSL_CROSS_TARGET)[=:] ?\"?(?P<triple>{TRIPLE})"),
        ("-unknown-linux-", rf"target/(?P<triple>{TRIPLE})/(?:release|debug)"),
        ("-unknown-linux-", rf"the [`'](?P<triple>{TRIPLE})[`'] target may not"),
        ("-unknown-linux-", rf"ghcr\.io/cross-rs/(?P<triple>{TRIPLE})"),
        ("_OPENSSL_DIR unset", r"^(?P<upper>\w{3,40}_UNKNOWN_LINUX_\w{3,20}?)_OPENSSL_DIR unset$"),
        # Meson, in a cross build: the compiler tells more than the processor
        ("for the host machine", r"^\S+ compiler for the host machine: (?:\S*/)?(?P<compiler>[\w.+-]+-linux-\w+)-(?:gcc|g\+\+|cc|clang)"),
        ("Target machine cpu", r"^Target machine cpu: (?P<triple>\w{3,20})$"),
    ),
    *patterns_for(
        "package-put",
        ("Setting up ", r"^Setting up (?P<package>[\w.+-]+)(?::(?P<arch>\w+))? \("),
        ("is already the newest", r"^(?P<package>[\w.+-]+)(?::(?P<arch>\w+))? is already the newest version"),
        (") Installing ", r"^\(\d+/\d+\) Installing (?P<package>[\w.+-]+) \("),  # apk
        ("Installing ", r"^Installing +: (?P<package>[\w.+-]+?)-(?:\d+:)?\d[\w.~^+]*-\S+"),  # dnf, yum
    ),
    *SYSTEMS,
    *patterns_for(
        "host",
        ("HOST", rf"\$?HOST(?: = |: )(?:Some\()?\"?(?P<triple>{TRIPLE})"),
        ("Build machine cpu", r"^Build machine cpu(?: family)?: (?P<triple>\w{3,20})$"),  # Meson
    ),
    *patterns_for(
        "rust-std",
        ("rust-std", rf"component '?rust-std'? for (?:target )?'?(?P<triple>{ANY_TRIPLE})"),
        ("rustup target add", rf"(?<!`)rustup target add (?P<triple>{ANY_TRIPLE})"),
    ),
    *patterns_for(
        "rust-code",
        (".rlib", r"\w\.rlib\b"),
        ("cgu.o", r"\w\.(?:rust-|r)cgu\.o\b"),
        (".cargo/registry", r"\.cargo/registry/"),
    ),
    *patterns_for(
        "image",
        ("quay.io/pypa/", r"(?P<image>quay\.io/pypa/[\w./:@+-]+)"),
        ("ghcr.io/", r"(?P<image>ghcr\.io/(?:rust-cross|cross-rs|pyo3)/[\w./:@+-]+)"),
        ("messense/", r"(?P<image>messense/[\w./:@+-]+)"),
        ("rustembedded/", r"(?P<image>rustembedded/cross:[\w.-]+)"),
        ("konstin2/", r"(?P<image>konstin2/maturin[\w.:-]*)"),
        ("container image", r"Starting container image (?P<image>\S+?)(?:\.\.\.)?$"),
        ("load metadata for", r"load metadata for (?P<image>\S+)"),
        ("docker", r"\bdocker (?:container )?run (?:--?[\w-]+(?:[= ][^\s-][^\s]{0,80})? ){0,8}(?P<image>[a-z0-9][\w./-]{1,80}:[\w.-]{1,60})"),
        ("cross ", r"^(?:[$>#+] ?|\S{1,60}[$#] )?cross (?:\+\S{1,60} )?(?:build|test|run|check|rustc|clippy)\b(?:.{0,200}--target[= ](?P<cross>[\w-]{1,60}))?"),
        ("FROM ", r"(?:^|\]\s|: )FROM (?:--platform=\S+ )?(?P<image>[a-z0-9][\w./:@+-]+)"),
    ),
    *patterns_for(
        "image-tag",  # the name of a container's pypa image without its server, as cibuildwheel prints it
        ("docker exec cibuildwheel", r"docker exec cibuildwheel\S{0,60} .{0,300}\((?P<tag>(?:many|musl)linux\w{1,40})\)"),
        ("podman exec cibuildwheel", r"podman exec cibuildwheel\S{0,60} .{0,300}\((?P<tag>(?:many|musl)linux\w{1,40})\)"),
        ("-musllinux_", r"^Building \w{2,20}-(?P<tag>musllinux_\w{1,20}) wheel"),
    ),
    *patterns_for(
        "system",
        (".el7", r"\.el(?P<el>7)(?:[_.]|$)"),
        (".el8", r"\.el(?P<el>8)(?:[_.]|$)"),
        (".el9", r"\.el(?P<el>9)(?:[_.]|$)"),
        ("AlmaLinux", r"(?P<id>AlmaLinux) (?:release )?(?P<version>\d+)"),
        ("Rocky Linux", r"(?P<id>Rocky) Linux (?:release )?(?P<version>\d+)"),
        ("CentOS", r"(?P<id>CentOS)(?:-| Linux |-Stream-| Linux release )(?P<version>\d)"),
        ("alpine", r"(?P<id>alpine)/v(?P<version>3\.\d+)/"),
        ("linux/alpine", r"(?P<id>alpine)/edge/"),
        (".fc4", r"\.fc(?P<fc>4\d)(?:[_.]|$)"),
        ("Debian GNU", r"(?P<id>Debian) GNU/Linux (?P<version>\d+)"),
        ("deb1", r"[+~]deb(?P<deb>1\d)u\d"),
        # a compiler's own name
        ("(Debian 1", r"\b(?:gcc|cc|[cg]\+\+)\S{0,20} \((?P<id>Debian) (?P<gcc>10|12|14)\.\d\.\d-"),
        ("(Ubuntu 1", r"\b(?:gcc|cc|[cg]\+\+)\S{0,20} \((?P<id>Ubuntu) [\w.-]{1,30}~(?P<version>\d\d\.04)"),
        ("Image: ubuntu", r"Image: (?P<id>ubuntu)-(?P<version>\d\d\.04)"),
        (" LTS", r"^\s*(?:(?P<id>Ubuntu) )?(?P<version>\d\d\.04)(?:\.\d)? LTS"),
        ("archlinux", r"(?P<id>arch)linux"),
        # what these call their own compilers
        ("-suse-linux", r"(?:x86_64|i586|aarch64|ppc64le|s390x|riscv64)-suse-linux(?P<suse>)"),
        ("-alpine-linux-musl", r"(?:x86_64|i586|aarch64|armv7|ppc64le|s390x|riscv64)-(?P<id>alpine)-linux-musl"),
    ),
    *patterns_for(
        "policy",
        (" ABI", r"(?P<tag>(?:manylinux|musllinux)\w{1,40})\" ABI"),
        ("ompliance", r"ensuring (?P<tag>(?:manylinux|musllinux)\w{1,40}) compliance"),
        ("ompliant", r"is not (?P<tag>(?:manylinux|musllinux)\w{1,40})(?: ?\([^)]{0,200}\))? compliant"),
        ("--plat", r"--plat[= ](?P<tag>\w+)"),
        ("--compatibility", r"--compatibility[= ](?P<tag>\w+)"),
        ("--manylinux", r"--manylinux[= ](?P<tag>\w+)"),
        ("AUDITWHEEL_PLAT", r"AUDITWHEEL_PLAT[=:] ?(?P<tag>\w+)"),
    ),
)  # fmt: skip

SHARED: tuple[Pattern, ...] = (*_UNITS, *MARKS, *_PKG_CONFIG, *_LINKING, *linker(), *_LOADER, *_APT, *_PLACE)
