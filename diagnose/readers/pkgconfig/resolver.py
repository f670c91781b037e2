"""The decisions of the pkg-config crate: which program it runs, with which variables, and which answer it gets.

The decisions are those of ``src/lib.rs`` of rust-lang/pkg-config-rs 0.3.34: ``Config::targeted_env_var``,
``target_supported``, ``run``, ``command`` and ``infer_static``.
"""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import tool as pkgtool
from diagnose.readers.pkgconfig.complaints import complaints, refusal, with_problems
from diagnose.readers.pkgconfig.link_metadata import Links, system_root
from diagnose.readers.pkgconfig.link_metadata import links as link_metadata
from diagnose.readers.pkgconfig.malformed import malformed
from diagnose.readers.pkgconfig.pkgconfig_facts import Candidate, Library, Missing, PkgConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.pkgconfig import solver
    from diagnose.readers.pkgconfig.sys_crate_overrides import Direction
    from diagnose.readers.toolchain.toolchain_facts import Finder, Program, Unloaded


def names(variable: str, triple: str, host: str) -> tuple[str, ...]:
    """Return the names under which the crate reads *variable*, in order."""
    kind = "HOST" if triple == host else "TARGET"
    return (f"{variable}_{triple}", f"{variable}_{triple.replace('-', '_')}", f"{kind}_{variable}", variable)


def targeted(variables: Variables, variable: str, triple: str, host: str) -> Setting | None:
    """Return the value of *variable* that the crate uses in a build for *triple* on *host*."""
    return variables.first(*names(variable, triple, host))


def guard(variables: Variables, triple: str, host: str) -> tuple[bool, Setting | None]:
    """Return whether the crate runs the program, and the setting that decides it."""
    if triple == host:
        return True, None
    allow = targeted(variables, "PKG_CONFIG_ALLOW_CROSS", triple, host)
    if allow is not None:
        return allow.value != "0", allow
    for variable in ("PKG_CONFIG", "PKG_CONFIG_SYSROOT_DIR"):
        if (setting := targeted(variables, variable, triple, host)) is not None:
            return True, setting
    return False, None


def envify(module: str) -> str:
    """Return *module* as the crate writes it in variable names: upper case (ASCII only), dashes as underscores."""
    return "".join(c.upper() if c.isascii() else c for c in module).replace("-", "_")


def static(variables: Variables, module: str) -> tuple[bool, Setting | None]:
    """Return whether the crate asks for ``--static``, and the setting that decides it."""
    name = envify(module)
    for variable, answer in (
        (f"{name}_STATIC", True),
        (f"{name}_DYNAMIC", False),
        ("PKG_CONFIG_ALL_STATIC", True),
        ("PKG_CONFIG_ALL_DYNAMIC", False),
    ):
        if (setting := variables.get(variable)) is not None:
            return answer, setting
    return False, None


def started(decided: PkgConfig, unloaded: Iterable[Unloaded]) -> PkgConfig:
    """Return *decided*, whose program answers nothing if it is one of those that cannot be started, *unloaded*."""
    lost = next((one for one in unloaded if one.program == decided.program.real), None)
    return decided if lost is None else decided._replace(broken=f"it needs {lost.library}, which {lost.why}")


def decide(finder: Finder, variables: Variables, triple: str, host: str) -> PkgConfig:
    """Make the crate's decisions for a build for *triple* on *host*, and inspect the resulting program."""
    root = finder.root
    setting = targeted(variables, "PKG_CONFIG", triple, host)
    plain = finder.program("pkg-config")
    if not plain.found and (other := finder.program("pkgconf")).found:
        plain = other
    program = finder.program(setting.value, setting) if setting else plain
    place = finder.place(program.name, setting)
    tool = pkgtool.identify(root, program.path, program.real, place) if program.found else pkgtool.Tool()
    if not program.found and finder.denied(program.name):
        tool = tool._replace(broken="permission denied")
    if root.live and program.found and not tool.implementation and not _brought(program):
        tool = _asked(program, variables)
    settings = {name: targeted(variables, name, triple, host) for name in _HANDED}
    allowed, allowed_by = guard(variables, triple, host)
    sets = dict(tool.sets)
    first, then = (
        sets.get(name, handed.value if (handed := settings[name]) else None)
        for name in ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR")
    )
    folders = [*(first or "").split(":"), *(tool.default_path if then is None else then.split(":"))]
    search_path = tuple(dict.fromkeys(filter(None, folders)))
    return PkgConfig(
        triple=triple,
        host=host,
        program=program._replace(version=tool.version),
        fallback=setting is None and program.name == "pkgconf",
        implementation=tool.implementation,
        allowed=allowed,
        allowed_by=allowed_by,
        path=settings["PKG_CONFIG_PATH"],
        libdir=settings["PKG_CONFIG_LIBDIR"],
        sysroot=settings["PKG_CONFIG_SYSROOT_DIR"],
        default_path=tool.default_path,
        default_origin=tool.origin,
        search_path=search_path,
        absent=tuple(folder for folder in search_path if not root.is_dir(folder)),
        sets=tool.sets,
        broken=tool.broken,
        plain=plain if setting else None,
        system_libs=tool.system_libs,
        default_sysroot=tool.sysroot,
        default_static=tool.static,
    )


_HANDED = ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR")


def _brought(program: Program) -> bool:
    """Whether a configuration file names the program by its path."""
    return program.setting is not None and bool(program.setting.path) and "/" in program.name


def _asked(program: Program, variables: Variables) -> pkgtool.Tool:
    """Ask a program of the live machine for its version and search path if its files do not contain them."""
    from diagnose.readers.system.process import run

    def answer(*words: str) -> str:
        try:
            done = run([program.path, *words], variables.merged())
        except OSError:
            return ""
        return done.out.decode("utf-8", "surrogateescape").strip() if done.status == 0 else ""

    folders = answer("--variable=pc_path", "pkg-config").split(":")
    return pkgtool.Tool("", answer("--version"), tuple(filter(None, folders)), program.path)


def command_line(
    decided: PkgConfig, module: str, requirement: str = "", *, static: bool = False, system_libs: bool = True
) -> str:
    """Return the command line as the crate prints it when it fails."""
    settings = (("PATH", decided.path), ("LIBDIR", decided.libdir), ("SYSROOT_DIR", decided.sysroot))
    words = [f"PKG_CONFIG_{name}={setting.value}" for name, setting in settings if setting]
    words += [*(["PKG_CONFIG_ALLOW_SYSTEM_LIBS=1"] if system_libs else []), "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1"]
    words.append("pkg-config" if decided.fallback else decided.program.name)  # the crate does not mention the fallback
    words += [f"'{word}'" if " " in word else word for word in _arguments(module, requirement, static)]
    return " ".join(words)


def _arguments(module: str, requirement: str, static: bool) -> list[str]:
    options = ["--static", "--libs", "--cflags"] if static else ["--libs", "--cflags"]
    return [*options, module, *([f"{module} {requirement}"] if requirement else [])]


class Prober:
    """Asks for modules like the crate, for one build target on one root.

    *own* are the default folders of the target's linker. On a live root the real program runs, with the environment
    that the crate passes. On a foreign root the answer is computed. The same applies to a program that a configuration
    file names by its path: inspecting a project must not run its programs.
    """

    def __init__(
        self, finder: Finder, variables: Variables, decided: PkgConfig, target: Target, own: Iterable[str]
    ) -> None:
        self.root = finder.root
        self.variables = variables
        self._decided = decided
        self.target = target
        self._own = tuple(own)

    def probe(
        self,
        module: str,
        requirement: str = "",
        insists: bool | None = None,
        crate: str = "",
        *,
        system_libs: bool = True,
    ) -> Library:
        """Return what the crate finds for *module*.

        *insists* is the crate's own choice of static linking. *system_libs*: the crate requests the system's folders
        (``print_system_libs``).

        Raises:
            InputError: a required ``.pc`` file is broken.
        """
        disabled = self.variables.get(f"{envify(module)}_NO_PKG_CONFIG")
        inferred, static_by = static(self.variables, module)
        statik = inferred if insists is None else insists
        library = Library(
            module,
            "not-found",
            requirement,
            static=statik,
            static_by=static_by if insists is None else None,
            crate=crate,
            system_libs=system_libs,
        )
        if disabled is not None:
            return library._replace(outcome="disabled", disabled_by=disabled)
        if not self._decided.allowed:
            return self._with_candidates(library._replace(outcome="cross-refused"))
        command = command_line(self._decided, module, requirement, static=statik, system_libs=system_libs)
        library = library._replace(command=command)
        if not self._decided.program.found:
            said = self._decided.broken
            return self._with_candidates(
                library._replace(outcome="tool-failed" if said else "tool-missing", output=said)
            )
        run = self.root.live and not _brought(self._decided.program)
        answered = self._run(library) if run and not self._decided.broken else self._compute(library)
        if answered.outcome != "found":
            return self._with_candidates(answered)
        judged = self._judge(answered)
        judged = judged._replace(malformed=malformed(self.root, judged, self._decided.implementation))
        return judged if judged.outcome == "found" else self._with_candidates(judged)

    def linked(self, module: str, libs: Iterable[str], direction: Direction | None, crate: str) -> Library:
        """Return the result for *crate*, which links *libs* for *module* without pkg-config, by *direction*."""
        library = Library(module, "found", libs=tuple(f"-l{lib}" for lib in libs), crate=crate, alone=True)
        if direction is not None:
            library = library._replace(
                link_dirs=direction.folders, directed_by=direction.settings, lacking=direction.lacking
            )
            if direction.lacking:
                return library._replace(outcome="misdirected")
        return self._judge(library)

    def _run(self, library: Library) -> Library:
        """Ask the real program, with both command lines of the crate."""
        from diagnose.readers.system.process import Finished, run

        environ = self._environ(library.system_libs)
        asked = _arguments(library.module, library.requirement, library.static)
        program = self._decided.program
        argv = [program.path if "/" in program.name else program.name]
        options = len(asked) - (2 if library.requirement else 1)
        version_asked = [*(["--static"] if library.static else []), "--modversion", *asked[options:]]
        try:
            flags = run([*argv, *asked], environ)
            answer = self._answered(library.module) if flags.status == 0 else None
            if answer is None or answer.problems or program.script or not self._decided.implementation:
                version = run([*argv, *version_asked], environ) if flags.status == 0 else flags
            else:  # the file says it
                version = Finished(0, answer.version.encode("utf-8", "surrogateescape"), b"")
        except OSError as error:
            return library._replace(outcome="tool-failed", output=(error.strerror or str(error)))
        said = (flags.err or version.err).decode("utf-8", "replace").strip()
        status = flags.status or version.status
        if status:
            return self._explain(library._replace(status=status, output=said))
        first = version.out.decode("utf-8", "replace").splitlines()
        words = split_flags(flags.out)
        pc = answer.path if answer else ""
        if not pc:  # a script with its own search path
            folder = run([*argv, "--variable=pcfiledir", library.module], environ).out.decode(
                "utf-8", "surrogateescape"
            )
            pc = f"{folder.strip()}/{library.module}.pc" if folder.strip() else ""
        return self._words(library, words)._replace(
            outcome="found",
            status=0,
            version=first[0].strip() if first else "",
            pc=pc,
        )

    @property
    def _silent(self) -> bool:
        """Whether an unknown program prints no version, like ``false``."""
        return not self._decided.implementation and not self._decided.program.version

    def _environ(self, system_libs: bool) -> dict[str, str]:
        """Return the environment that the crate gives the program."""
        environ = self.variables.merged()
        for name, setting in (
            ("PKG_CONFIG_PATH", self._decided.path),
            ("PKG_CONFIG_LIBDIR", self._decided.libdir),
            ("PKG_CONFIG_SYSROOT_DIR", self._decided.sysroot),
        ):
            if setting is not None:
                environ[name] = setting.value
        if system_libs:
            environ["PKG_CONFIG_ALLOW_SYSTEM_LIBS"] = "1"
        return {**environ, "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1"}

    def _resolver(self, system_libs: bool = True) -> solver.Resolver:
        from diagnose.readers.pkgconfig import rules, solver

        setting = self._decided.sysroot
        default = setting.value if setting else self._decided.default_sysroot or None
        sysroot = dict(self._decided.sets).get("PKG_CONFIG_SYSROOT_DIR", default)
        if self._decided.implementation == "u-config":
            sysroot = None  # it reads no such variable, though the crate takes it for a reason to ask
        program = self._decided.program

        def value(name: str) -> str | None:
            setting = self.variables.get(name)
            return setting.value if setting else None

        own = rules.rules(self._decided.implementation, program.version, value)
        if sysroot is not None and value("DESTDIR") == sysroot:
            own = own._replace(fdo=True)
        hidden = () if system_libs else self._hidden()
        return solver.Resolver(self.root, self._decided.search_path, sysroot, own, hidden)

    def _hidden(self) -> tuple[str, ...]:
        """Return the system's folders, which the program omits from its answer by default."""
        if self.variables.get("PKG_CONFIG_ALLOW_SYSTEM_LIBS") is not None:
            return ()
        system = self.variables.get("PKG_CONFIG_SYSTEM_LIBRARY_PATH")
        own = system.value.split(":") if system else self._decided.system_libs
        more = self.variables.get("LIBRARY_PATH") if self._decided.implementation == "pkgconf" else None
        return tuple(filter(None, (*own, *(more.value.split(":") if more else ()))))

    def _ask(self, library: Library) -> solver.Answer:
        asked = _arguments(library.module, library.requirement, library.static)
        resolver = self._resolver(library.system_libs)
        static = library.static or self._decided.default_static
        return resolver.ask((one for one in asked if not one.startswith("--")), static)

    def _answered(self, module: str) -> solver.Answer | None:
        """Return the answer from the first file on the search path with all mandatory fields; None without one."""
        try:
            answer = self._resolver().ask([module])
        except InputError:
            return None  # the program could read it, so its answer is valid
        return answer if answer.path else None

    def _compute(self, library: Library) -> Library:
        """Compute the program's answer."""
        if self._decided.broken:
            return library._replace(outcome="tool-failed", status=1, output=self._decided.broken)
        if not self._decided.implementation:
            self.root.unseen.append(
                f"the answer of {self._decided.program.path}: an unknown pkg-config, which is not run"
            )
            return library._replace(outcome="unknown")
        answer = self._ask(library)
        if answer.erratic:
            program = self._decided.program.path
            self.root.unseen.append(f"the answer of {program} for {library.module}: {answer.erratic}")
            paths = (f"{folder}/{library.module}.pc" for folder in self._decided.search_path)
            return library._replace(outcome="unknown", pc=next(filter(self.root.is_file, paths), ""))
        library = library._replace(version=answer.version, pc=answer.path)
        if answer.problems or answer.refused:
            return with_problems(library._replace(status=1), answer)
        words = split_flags(" ".join((*answer.cflags, *answer.libs)).encode("utf-8", "surrogateescape"))
        return self._words(library, words)._replace(outcome="found", status=0)

    def _explain(self, library: Library) -> Library:
        """Find out why the program failed: from its messages, or else by reading the files that it reads."""
        missing, mismatches = complaints(library.output)
        if said := refusal(library.output):
            return library._replace(refused=said)
        if missing or mismatches:
            itself = Missing(library.module) in missing
            answer = None if itself else self._answered(library.module)
            found = answer.path if answer else ""
            return library._replace(missing=missing, mismatches=mismatches, pc=found)
        if self._silent:
            return library._replace(outcome="tool-failed")
        answer = self._ask(library)
        library = library._replace(version=answer.version, pc=answer.path)
        if answer.problems or answer.refused:
            return with_problems(library, answer)
        return library._replace(outcome="tool-failed")  # everything is installed, but it still fails

    def _words(self, library: Library, words: list[str]) -> Library:
        libs: list[str] = []
        cflags: list[str] = []
        argument = False  # the argument of the option before
        for word in words:
            own = word.startswith(("-L", "-l", "-Wl,")) or (word.startswith("/") and not argument)
            (libs if own else cflags).append(word)
            argument = word in ("-isystem", "-iquote", "-idirafter", "-include")
        folders = dict.fromkeys(word[2:] for word in libs if word.startswith("-L") and len(word) > 2)
        return library._replace(libs=tuple(libs), cflags=tuple(cflags), link_dirs=tuple(folders), words=tuple(words))

    def _judge(self, library: Library) -> Library:
        from diagnose.readers.elf import library as linkfile

        if library.alone:
            names = tuple(word[2:] for word in library.libs)
            links = Links(names, (), library.link_dirs)
        else:
            below = system_root(self.variables)
            links = link_metadata(self.root, library.words, below.value if below else "/usr", static=library.static)
        linkfile.refuse_many(library.pc or library.module, links.names, links.folders)
        files = []
        for name in links.names:
            archives = (f"{folder}/lib{name}.a" for folder in links.folders if name in links.static)
            archive = next((path for path in archives if self.root.exists(path)), "")
            if archive:
                files.append(linkfile.inspect(self.root, name, archive, self.target)._replace(searched=links.folders))
            else:
                files.append(linkfile.find(self.root, name, links.folders, self._own, self.target))
        outcome = "found"
        if any(file.kind in ("dangling", "unreadable") or (file.kind == "missing" and self._own) for file in files):
            outcome = "file-missing"
        if any(file.accepted is False for file in files):
            outcome = "wrong-arch"
        return library._replace(files=tuple(files), outcome=outcome, links=links)

    def _with_candidates(self, library: Library) -> Library:
        """Add the ``.pc`` files of the module that exist outside the search path."""
        if library.pc and library.outcome != "wrong-arch":
            return library._replace(missing=tuple(map(self._located, library.missing)))
        from diagnose.readers.pkgconfig import solver

        # A script may print a folder and not search it; a program that does not run searches none.
        elsewhere = library.outcome == "not-found" and not self._decided.implementation
        elsewhere = elsewhere or library.outcome in ("tool-missing", "tool-failed")
        found = []
        for folder, debian in self._folders():
            path = f"{folder}/{library.module}.pc"
            if folder in self._decided.search_path and self._decided.allowed and not elsewhere:
                continue
            if self.root.is_file(path):
                try:
                    answer = solver.Resolver(self.root, [folder]).ask([library.module])
                except InputError:
                    continue
                found.append(Candidate(path, answer.version, debian))
        return library._replace(candidates=tuple(found), missing=tuple(map(self._located, library.missing)))

    def _located(self, missing: Missing) -> Missing:
        """Add the file of a required module that exists outside the search path."""
        if not missing.required_by:
            return missing
        paths = (
            f"{folder}/{missing.module}.pc"
            for folder, debian in self._folders()
            if folder not in self._decided.search_path
            and (debian == self.target.debian or "/share/" in folder or (not debian and not self._decided.cross))
        )
        return missing._replace(elsewhere=next((path for path in paths if self.root.is_file(path)), ""))

    def _folders(self) -> Iterable[tuple[str, str]]:
        """Yield (folder, Debian architecture) of every folder where distributions install ``.pc`` files."""
        rows = sorted(targets.TARGETS, key=lambda row: row.triple != self.target.triple)
        seen = set()
        for row in rows:
            for base in (f"/usr/lib/{row.multiarch}", f"/usr/{row.gnu}/lib", f"/usr/local/lib/{row.multiarch}"):
                if (row.multiarch or "/lib/" not in base) and base not in seen:
                    seen.add(base)
                    yield f"{base}/pkgconfig", row.debian
        for own in self._own:
            if own not in seen:
                seen.add(own)
                yield f"{own}/pkgconfig", ""
        for base in ("/usr/lib64", "/usr/lib", "/usr/share", "/usr/local/lib64", "/usr/local/lib", "/usr/local/share"):
            if base not in seen:
                yield f"{base}/pkgconfig", ""


def split_flags(output: bytes) -> list[str]:
    """Split a program's output into words as the crate does: a backslash keeps the next byte."""
    words: list[str] = []
    word = bytearray()
    escaped = False
    for byte in output:
        if escaped:
            escaped = False
            word.append(byte)
        elif byte == 0x5C:
            escaped = True
        elif byte in b"\t\n\r ":
            if word:
                words.append(word.decode("utf-8", "surrogateescape"))
                word = bytearray()
        else:
            word.append(byte)
    return [*words, word.decode("utf-8", "surrogateescape")] if word else words
