"""macOS refuses to load a module: it is for another processor, or a library that it names is absent or unfit.

Modules for Intel processors do not load in a Python for Apple silicon, and the reverse; a Python that was installed
for Intel runs under Rosetta and installs Intel's wheels. Libraries are named by their place on the machine that
linked them, or by ``@rpath``, which has to lead to them. A library that is there is refused for its processor, for
the version of its interface, or for its signature; the line ``Reason:`` tells.

How to fix: install everything for one processor again, from the Python on. Who builds the wheel bundles its libraries
with delocate.

References:
    https://developer.apple.com/documentation/apple-silicon/about-the-rosetta-translation-environment
    https://github.com/matthew-brett/delocate
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables import homebrew
from diagnose_checks.runtime._triage import installed_package, wheel_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

#: Folders that exist only while pip or uv builds: /private/var/folders/…/T/build-via-sdist-…/.
_BUILD_FOLDER = (
    r"(?:/private)?(?:/var/folders/[^/']{1,40}/[^/']{1,80}/T|/tmp)/(?:pip-|build-|tmp)[^/']{1,80}/|"
    r"/Users/runner/work/|/private/var/folders/[^/']{1,40}/[^/']{1,80}/T/cibw-"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "runtime-macos-module-unfit",
        (
            "incompatible architecture",
            r"incompatible architecture \(have '(?P<have>[\w,]{1,40})', need (?:'(?:arm64e|x86_64h)' or )?'"
            r"(?P<need>\w{1,20})'(?: or '[^']{1,20}')?\)",
        ),
        # the linker wild says "has incompatible architecture: x86_64" of a library for Linux
        ("incompatible architecture", r"(?P<wrapped>(?<!has )incompatible architecture)(?!:)"),
        ("but wrong architecture", r"mach-o, but (?P<wrong>wrong architecture)"),
        (
            "missing compatible architecture",
            r"missing compatible architecture \(have '(?P<have>[\w,]{1,60})', need (?:'(?:arm64e|x86_64h)' or )?'"
            r"(?P<need>\w{1,20})'",
        ),
        ("matching architecture in", r"no (?P<wrong>matching architecture) in universal wrapper"),
        (
            "Bad CPU type in executable",
            r"(?P<program>(?<![^\s:])/[^\s:]{1,300})?(?::? ?)(?P<cpu>Bad CPU type in executable)",
        ),
        (
            "eight bytes: 0x7F 0x45",
            r"(?P<file>/[^\s:]{1,300}): unknown file type, first eight bytes: 0x7F 0x45 0x4C 0x46(?P<linux>)",
        ),
        ("not a mach-o file", r"'(?P<file>[^\s']{1,300})' \((?:slice is )?(?P<kind>not (?:a|valid) mach-o file)"),
        ("slice is not valid", r"'(?P<file>[^\s']{1,300})' \((?P<kind>slice is not valid mach-o file)"),
        (
            "incompatible platform",
            r"incompatible platform \(have '(?P<platform>[^']{1,40})', need '(?P<here>[^']{1,40})'\)",
        ),
        ("code signing blocked", r"(?P<unsigned>code signing blocked) mmap"),
        ("disallowed by system policy", r"(?P<unsigned>librar\S{0,10} load disallowed by system policy)"),
        ("sandbox blocked", r"(?P<sandbox>file system sandbox blocked) (?:mmap|open|stat)"),
        # of a library that a program opens itself: dyld names the first place where it looked
        (
            "): tried: '",
            r"^(?:.{0,200}\s)?dlopen\((?P<opened>[^\s,]{1,300}), \w{1,8}\): tried: '[^']{1,300}' \(no such file"
            r"(?:[^()]{0,40})\)(?!.{0,2000}\((?!no such file))",
        ),
        ("duplicate LC_RPATH", r"'(?P<file>[^\s']{1,300})' \(duplicate LC_RPATH '(?P<twice>[^']{1,300})'"),
        ("Library not loaded: ", r"Library not loaded: '?(?P<library>[^\s']{1,300})"),
        (
            "Incompatible library version",
            r"Incompatible library version: \S{1,300} requires version (?P<wants>[\d.]{1,20}) or later, "
            r"but \S{1,300} provides version (?P<offers>[\d.]{1,20})",
        ),
        ("code signature ", r"(?P<unsigned>code signature )(?:in|invalid|not valid)"),
    )
    + patterns_for(
        "dyld-user", ("Referenced from: ", r"^Referenced from: (?:<[0-9A-Fa-f-]{1,40}> )?(?P<user>[/@]\S{1,400})")
    )
    + patterns_for(
        "dyld-reason",
        ("no LC_RPATH", r"^Reason: (?P<no_rpath>no LC_RPATH)"),
        ("Reason: tried: '", rf"^Reason: tried: '(?P<built>{_BUILD_FOLDER})"),
        ("Reason: tried: '", r"^Reason: tried: '(?P<tried>[^']{1,400})' \(no such file\)"),
    ),
)
_NATIVE = Fix(
    "use a Python for arm64: this one runs under Rosetta",
    (
        Command("arch -arm64 /bin/zsh", FixStage.TOOLCHAIN),
        Command("python3 -c 'import platform; print(platform.machine())'", FixStage.TOOLCHAIN),
    ),
    notes="The second command has to print arm64, then make the environment again. The installer of python.org is for "
    "both; Homebrew's for arm64 is in /opt/homebrew, and conda has its own installer.",
)
_LIBRARY = (
    Fix(
        "install the library where it is looked for",
        notes="Homebrew: the formula of that library; DYLD_LIBRARY_PATH names other folders. An upgrade may have "
        "removed the "
        "version: reinstall what needs it.",
    ),
    Fix("bundle it in the wheel", (Command("delocate-wheel -w wheelhouse WHEEL", FixStage.BUILD),)),
)


_OF_PROCESSOR = (
    Fix(
        "install the library for the processor of this Python",
        notes="Homebrew's folder is /opt/homebrew on Apple silicon and /usr/local for Intel: the library is another "
        "one's than Python. Or use a Python of the library's processor.",
    ),
    _LIBRARY[1],
)
_VERSION = (
    Fix(
        "let the loader find the newer library first",
        notes="The module was linked with a newer one, of Homebrew or conda, and finds an older one, often macOS's own "
        "or another environment's. Install the module again in the environment that has the library.",
    ),
    _LIBRARY[1],
)
_OF_PYTHON = (
    Fix(
        "name the folder of that Python's library to the loader",
        (
            Command(
                "export DYLD_FALLBACK_LIBRARY_PATH=\"$(python3 -c 'import sysconfig; "
                'print(sysconfig.get_config_var("LIBDIR"))\')"',
                FixStage.BUILD,
            ),
        ),
        notes="With the Python that it was built with. Of a framework (Xcode's, python.org's): "
        "DYLD_FALLBACK_FRAMEWORK_PATH, "
        "and the folder that holds Python3.framework or Python.framework.",
    ),
    Fix(
        "record the folder in the program",
        notes="In build.rs of the program or test crate: pyo3_build_config::add_libpython_rpath_link_args(), or print "
        "cargo:rustc-link-arg=-Wl,-rpath,FOLDER.",
    ),
)
_OF_CPU = (
    Fix(
        "install the program for this processor",
        notes="A program for x86_64 runs on Apple silicon with Rosetta (softwareupdate --install-rosetta "
        "--agree-to-license); one for arm64 runs on no Intel Mac. `file PROGRAM` and `uname -m` show which is which.",
    ),
)
_OF_SANDBOX = (
    Fix(
        "move the files out of the protected folder, or let the program read it",
        notes="Desktop, Documents and Downloads are protected: System Settings, Privacy & Security, Files and Folders.",
    ),
)
_OPENED = Fix(
    "install the library, and let Python find it",
    notes="Pythons other than Homebrew's do not look into /opt/homebrew/lib: "
    "export DYLD_FALLBACK_LIBRARY_PATH=/opt/homebrew/lib:/usr/local/lib:/usr/lib. A path in the message: the file is "
    "not there.",
)
_SIGNATURE = (
    Fix(
        "sign the file again",
        (Command("codesign --force --sign - LIBRARY", FixStage.BUILD),),
        notes="Replace LIBRARY with the file of the message. install_name_tool and strip make a signature invalid; "
        "a Python that is signed with library validation loads only its own team's libraries.",
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See macOS's loader refuse a file."""
    # libclang-broken has bindgen's words
    hits = [hit for hit in log.find("runtime-macos-module-unfit") if "libclang" not in hit.text]
    if hits:
        told = _of_reason(log, hits)
        message, fixes = told if told is not None else _told(hits, _package(log, hits))
        yield finding_from_hits(log, hits, message, "It cannot be loaded.", fixes)


def _again(package: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "install the package again for this Python",
            (Command(f"python3 -m pip install --force-reinstall --no-cache-dir {package}", FixStage.BUILD),),
            notes="`python3 -c 'import platform; print(platform.machine())'` prints the processor. Make the "
            "environment again with "
            "a Python for this machine; a terminal under Rosetta, or Homebrew in /usr/local, gives Intel's.",
        ),
    )


def _package(log: BuildLog, hits: list[Hit]) -> str:
    """Return the installed package whose file is not loaded; PACKAGE if no path shows it."""
    users = [one.groups["user"] for one in log.near(hits[0].line, "dyld-user", after=_LINES)]
    return next(filter(None, map(installed_package, [*users, *(hit.text for hit in hits)])), "PACKAGE")


_LINES = 3  # lines of dyld's message


def _of_reason(log: BuildLog, hits: list[Hit]) -> tuple[str, tuple[Fix, ...]] | None:
    """Return message and fixes where dyld's next lines show who looks for the library, and where; None if not."""
    first = hits[0]
    library = first.groups["library"]
    if not library or any(hit.groups["wants"] or hit.groups["need"] or hit.groups["unsigned"] for hit in hits):
        return None
    near = log.near(first.line, "dyld-user", "dyld-reason", after=_LINES)
    user = next((one.groups["user"] for one in near if one.kind == "dyld-user"), "")
    reason = next((one.groups for one in near if one.kind == "dyld-reason"), None)
    name, file = library.rpartition("/")[2], user.rpartition("/")[2]
    if re.match(r"libpython3|Python3?$", name) and ("/target/" in user or not wheel_file(user or first.text)):
        return f"macOS does not find {library}, the Python with which {file or 'a program'} was linked", _OF_PYTHON
    versioned = re.search(r"\.\d+\.dylib$", name) or library.startswith(("/opt/homebrew/", "/usr/local/"))
    if user and versioned and "." not in file and not re.search(r"/python3\.|/target/|/build/", user):
        return f"macOS does not find {name}, with which {file} was linked", _of_program(name, user)
    package = _package(log, hits)
    if not wheel_file(user or first.text) or reason is None:
        return None
    again = _of_author(package)
    if reason["no_rpath"]:
        return f"{file} of {package} looks for {name} by a search path, and has none (no LC_RPATH)", again
    if reason["built"]:
        return f"{file} of {package} looks for {name} in a folder that existed only while it was built", again
    if ".dylibs/" in library and library.startswith("@loader_path/"):
        return (
            f"{name}, which the wheel's repair bundled, is not where {file} of {package} looks for it",
            (
                Fix(
                    f"use another release of {package}",
                    notes="The relative path that was written into the module leads out of the wheel's folder: "
                    f"`find / -name {name} 2>/dev/null` tells where the library is, if the wheel has it.",
                ),
                _AUTHOR,
            ),
        )
    return None


_AUTHOR = Fix(
    "who builds the wheel: repair it as it was built, and import it elsewhere",
    (
        Command("delocate-wheel -w wheelhouse -v WHEEL", FixStage.BUILD),
        Command("delocate-listdeps --all wheelhouse/*.whl", FixStage.BUILD),
    ),
    notes="With the newest delocate. Import it in a new environment, after the build's folder is gone.",
)


def _of_author(package: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "who builds it: put the library into the wheel",
            (Command("delocate-wheel -w wheelhouse -v WHEEL", FixStage.BUILD),),
            notes="Before the build's folder is gone. If it does not find the library: DYLD_LIBRARY_PATH names its "
            "folder. Or ship it beside the module, linked with -Wl,-rpath,@loader_path.",
        ),
        Fix(
            f"who uses it: take another release of {package}, or a wheel instead of a build from source",
            notes="No library of Homebrew replaces one that belongs to the package itself.",
        ),
    )


def _of_program(name: str, user: str) -> tuple[Fix, ...]:
    """Return the fixes for an installed program whose library was removed or replaced by another version."""
    program = user.rpartition("/")[2]
    cargo = "/.cargo/bin/" in user
    formula = re.search(r"/Cellar/([\w.@+-]{1,80})/", user)
    brew = (Command(f"brew reinstall {formula[1]}", FixStage.PACKAGES),) if formula else ()
    again = Fix(
        f"install {program} again: it is then linked with the libraries that are here now",
        (Command("cargo install --force CRATE", FixStage.TOOLCHAIN),) if cargo else brew,
        notes=f"CRATE is the crate that brings {program}: `cargo install --list` names it."
        if cargo
        else ""
        if brew
        else "In the way in which it was installed, for example with brew reinstall.",
    )
    return (
        again,
        Fix(
            "bring back the version that it wants",
            notes=f"It wants {name} and no other number: Homebrew's current formula often has a newer one, which does "
            "not count.",
        ),
    )


def _told(hits: list[Hit], package: str) -> tuple[str, tuple[Fix, ...]]:
    """Return the message and the fixes for the reason that the loader gives."""
    library = _first(hits, "library")
    if twice := _first(hits, "twice"):
        file = _first(hits, "file")
        message = f"{file.rpartition('/')[2]} names the folder {twice} twice, which macOS 15.4 and later refuse"
        return message, _of_twice(twice, file)
    if _first(hits, "cpu"):
        program = _first(hits, "program").rpartition("/")[2] or "a program"
        return f"{program} is for another processor than this Mac's, and nothing here can run it", _OF_CPU
    if (file := _first(hits, "file").rpartition("/")[2]) and any({"kind", "linux"} & hit.groups.keys() for hit in hits):
        what = (
            "a library for Linux" if any("linux" in hit.groups for hit in hits) else "no library for macOS, or damaged"
        )
        return f"{file} is {what}", _again(package)
    if platform := _first(hits, "platform"):
        return f"the module is for {platform}, and this is {_first(hits, 'here')}", _again(package)
    if _first(hits, "sandbox"):
        return "the sandbox of this program does not let it read the library", _OF_SANDBOX
    if opened := _first(hits, "opened"):
        formula = homebrew.formula_of(opened.rpartition("/")[2])
        brew = (Command(f"brew install {formula}", FixStage.PACKAGES),) if formula else ()
        return f"macOS does not find {opened}, which a program opens by this name", (_OPENED._replace(commands=brew),)
    have, need = _first(hits, "have"), _first(hits, "need")
    if library and _first(hits, "wants"):
        return (
            f"{library} is version {_first(hits, 'offers')} of its interface, and {_first(hits, 'wants')} is needed",
            _VERSION,
        )
    if _first(hits, "unsigned"):
        return f"macOS refuses the signature of {library or 'a file'}", _SIGNATURE
    if library and need:
        return f"{library}, which a module or program needs, is for {have}, and this is run for {need}", _OF_PROCESSOR
    if library:
        formula = homebrew.formula_of(library.rpartition("/")[2])
        brew = (Command(f"brew install {formula}", FixStage.PACKAGES),) if formula else ()
        found = (_LIBRARY[0]._replace(commands=brew), _LIBRARY[1])
        return f"macOS does not find {library}, which a module or program needs", found
    if need:
        again = _again(package)
        fixes = (_NATIVE, *again) if (have, need) == ("arm64", "x86_64") else again
        return f"the module is for {have}, and this Python is for {need}", fixes
    return "the module is for another processor than this Python", _again(package)


def _of_twice(folder: str, file: str) -> tuple[Fix, ...]:
    """Return the fixes for a file with two equal LC_RPATH."""
    return (
        Fix(
            "remove one of the two",
            (
                Command(f"install_name_tool -delete_rpath '{folder}' '{file}'", FixStage.BUILD),
                Command(f"codesign --force --sign - '{file}'", FixStage.BUILD),
            ),
            notes=f"`otool -l '{file}' | grep -A2 LC_RPATH` lists them. Other files may need it, too.",
        ),
        Fix(
            "build it with the option -Wl,-rpath only once",
            notes="It is in LDFLAGS and the build system adds one: take one of them out. Or install a newer release of "
            "the package.",
        ),
    )


def _first(hits: list[Hit], group: str) -> str:
    return next((hit.groups[group] for hit in hits if hit.groups[group]), "")
