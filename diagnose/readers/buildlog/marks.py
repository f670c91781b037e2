r"""The messages by which each tool shows that it works, has failed or is done: one table for all tools.

A mark counts where its tool writes it: patterns are anchored in the line without its prefixes, and ``raw`` ones in the
unchanged line. Sources: the tools' own output and source (pytest's ``terminal.py``, unittest's
``runner.py``, tox's and nox's ``session.py``, ninja's ``build.cc``, CMake's ``cmake.cxx``, GNU make's ``misc.c``,
cargo's ``shell.rs``, pip's and uv's ``commands``, apt's ``apt-get``, dpkg's ``main``, BuildKit's ``progress``,
bash's ``jobs.c``, the runners of GitHub, GitLab, Azure, Travis, CircleCI and Jenkins). As of November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import Enum, NamedTuple
from diagnose.model.pattern import Pattern
from diagnose.tables.translations import FATAL


class Sign(Enum):
    """What a mark shows about its tool.

    ``RETRIED``: what it did since it began has failed, and it does it again: that cancels those failures.
    ``FAILED``: it gives up; only a later success cancels that. ``ERROR``: an error, which its caller may have expected;
    work that continues after it cancels it as well. ``BEGUN``: it has started. ``STEP``: a part of its work is done.
    ``DONE``: all of its work is done.
    """

    FAILED = "failed"
    ERROR = "error"
    BEGUN = "begun"
    STEP = "step"
    DONE = "done"
    RETRIED = "retried"


class BuildStage(Enum):
    """The order in which the commands of a script run; a later one shows that the script went on."""

    PREPARE = 0  # packages, toolchains, sources
    BUILD = 1
    TEST = 2
    PUBLISH = 3


class Mark(NamedTuple):
    """One row: *tool* writes a line with *pattern*, which contains the text *anchor*, as *sign*.

    A group ``text`` of the pattern is the message if that does not begin the line. ``lines`` is the number of lines of
    the message. ``raw`` patterns are matched with the unchanged line, prefixes included.
    """

    tool: str
    sign: Sign
    anchor: str
    pattern: str
    lines: int = 1
    raw: bool = False

    @property
    def row(self) -> Pattern:
        """The row for the scanner; :func:`parse` splits its kind."""
        return Pattern(f"mark {self.sign.value} {self.tool}", self.anchor, self.pattern, self.lines, self.raw)


def parse(kind: str) -> tuple[Sign, str] | None:
    """Return the sign and the tool of a hit of this *kind*; None for other hits."""
    if not kind.startswith("mark "):
        return None
    _, sign, tool = kind.split(" ")
    return Sign(sign), tool


FAILED, ERROR, BEGUN, STEP, DONE = Sign.FAILED, Sign.ERROR, Sign.BEGUN, Sign.STEP, Sign.DONE
RETRIED = Sign.RETRIED
_REST = r".{0,200}"
# Bash and dash: "x.sh: line 3: 4711 Segmentation fault      (core dumped) ./program"; the bare word of an interactive one.
_SIGNAL = r"^(?:\S+: line \d+:\s+\d+ |\[\d+\][+-]?\s+(?:\d+ )?|timeout: the monitored command )?"
_CORE = r"(?: +\(core dumped\)|$| {2,}\S)"

#: What pytest has written into a line before a test in it ends: the file, or the test; one letter for each result.
PYTEST_PROGRESS = r"(?:\S{1,300}\.py(?:::\S{1,300})? ?)?[.FEsxX]{0,300}(?: {0,200}\[ *\d{1,3}%\] {0,4})?"

#: First words of the last errors of cargo and rustc themselves; errors of other programs look the same.
_CARGO = (
    "could not compile|failed to (?:run custom|parse|load|select|compile|get|download|resolve|read|verify|determine)|"
    "linking with"
    "|linker |aborting due to|process didn't exit|(?:\\d+ )?targets? failed|test failed|no such command|no matching "
    "package"
    "|the lock file|cannot update the lock|package `|unable to update|failed to run `rustc`"
)

#: Docker's program, as it begins its errors: in WSL with the path of Windows.
_ENGINE = r"(?:[A-Za-z]:\\.{1,200}\\|\S{0,200}/)?docker(?:\.exe)?"
#: Programs that end their refusal of a command by naming their own help.
_HELPED = "docker|podman|buildah|nerdctl|skopeo|kubectl|helm|git|gh|oc|minikube|kind"
#: What they, and others, begin it with: cobra and pflag (docker, podman, kubectl, gh), getopt, optparse and npm.
_REFUSED = (
    r"unknown (?:shorthand )?flag: |unknown command:? [\"'\w]|flag needs an argument: |invalid argument \".{0,200}\" for \"-"
    r"|flag provided but not defined: -|no such option: -|accepts (?:at most )?\d+ arg\(s\), received "
    r"|required flag\(s\) \"|[\w./+-]{1,60}: (?:unrecognized|unknown|invalid|illegal) option -|[\w./+-]{1,60}: --?[\w-]{1,60}: invalid option"
)

# fmt: off
MARKS: tuple[Mark, ...] = (
    # --- packages -----------------------------------------------------------------------------------------------------
    Mark("apt", BEGUN, "Reading package lists", r"^Reading package lists\.\.\."),
    Mark("apt", BEGUN, "Get:1 ", r"^Get:1 \S+ "),
    Mark("apt", STEP, "newly installed", r"^(?:Summary:|\d+ upgraded, \d+ newly installed)"),
    # dpkg always writes to apt's log, and to a terminal if there is one: without both messages there is no error
    *(Mark("apt", FAILED, f"E: {letter}", rf"^E: (?!Can not write log){_REST}") for letter in "CFGILMNPRSTUVWY"),
    Mark("apt", FAILED, "Error: ", r"^Error: (?:Unable to|The repository|Failed to fetch|Package(?!: )|Sub-process|Some)" + _REST),
    Mark("apt", ERROR, "no installation candidate", "has no installation candidate"),
    Mark("apt", ERROR, "but is referred to by", r"^Package \S+ is not available, but is referred to by another package\."),
    Mark("apt", ERROR, "unmet dependencies", "packages have unmet dependencies"),
    Mark("dpkg", BEGUN, "/var/lib/dpkg/info/", r"^/var/lib/dpkg/info/\S+: "),
    Mark("dpkg", STEP, "Setting up ", r"^Setting up \S+ \("),
    Mark("dpkg", STEP, "Processing triggers for", r"^Processing triggers for \S+ \("),
    Mark("dpkg", STEP, "Unpacking ", r"^Unpacking \S+ (?:from )?\("),
    Mark("dpkg", FAILED, "dpkg: error", r"^dpkg: error(?: processing|:)" + _REST),
    Mark("dpkg", FAILED, "Errors were encountered", r"^Errors were encountered while processing:"),
    Mark("dnf", DONE, "Complete!", r"^Complete!$"),
    Mark("dnf", BEGUN, "Dependencies resolved", r"^Dependencies [Rr]esolved"),
    Mark("dnf", FAILED, "Error: ", r"^Error: (?:Unable to find a match|Failed to download|Nothing to do|Cannot|Transaction|Problem|Cache-only)" + _REST),
    Mark("dnf", FAILED, "Error: Package: ", r"^Error: Package: " + _REST),
    Mark("dnf", FAILED, "ransaction ", r"^(?:Error: )?Transaction (?:check|test) error:"),
    Mark("dnf", ERROR, "Problem", r"^(?:Error: +)?Problem(?: \d{1,3})?: (?:package|cannot install|problem with|conflicting|nothing|installed|module|The op)" + _REST),
    Mark("apk", DONE, "iB in ", r"^OK: [\d.]+ [KMG]iB in \d+ packages"),
    Mark("apk", BEGUN, "fetch http", r"^fetch https?://\S+APKINDEX"),
    Mark("apk", STEP, "Installing ", r"^\(\d+/\d+\) (?:Installing|Upgrading|Purging) \S+ \("),
    Mark("apk", FAILED, "unable to select packages", r"^ERROR: unable to select packages"),
    Mark("pacman", FAILED, "error: ", r"^error: (?:target not found|failed to (?:commit|prepare|init|synchronize))" + _REST),
    Mark("pacman", FAILED, "Errors occurred, no", r"^Errors occurred, no packages were upgraded"),
    Mark("pacman", ERROR, "failed retrieving", r"^error: failed retrieving file" + _REST),
    Mark("makepkg", FAILED, "ERROR: ", r"^=?=> ERROR: (?P<text>.{1,200})"),
    Mark("pkg", FAILED, "No packages available to", r"^pkg: No packages available to (?:install|upgrade) matching " + _REST),
    Mark("pkg", FAILED, "is not available in the repo", r"^\S{1,80} is not available in the repository"),
    Mark("zypper", STEP, "[done]", r"(?<!\.)\.{3,}\[done\]$"),
    Mark("rustup", STEP, "Rust is installed now", r"^Rust is installed now\."),
    Mark("git", ERROR, "fatal: ", r"^fatal: (?!not a git repository|No (?:names|annotated tags|tags) |no (?:tag|names)|No tags )(?P<text>.{0,200})"),
    Mark("git", ERROR, "RPC failed; ", r"^error: (?P<text>RPC failed; .{0,200})"),
    # --- builds -------------------------------------------------------------------------------------------------------
    Mark("cargo", BEGUN, "Compiling ", r"^Compiling \S+ v\d"),
    Mark("cargo", BEGUN, "Checking ", r"^Checking \S+ v\d"),
    Mark("cargo", DONE, "target(s) in", r"^Finished (?!`?(?:test|bench)\b).{0,120}target\(s\) in"),
    Mark("cargo", STEP, "target(s) in", r"^Finished `?(?:test|bench)\b.{0,120}target\(s\) in"),
    Mark("cargo", FAILED, '"build-finished"', r'^\{"reason":"build-finished","success":false\}$'),  # --message-format=json
    Mark("cargo", DONE, '"build-finished"', r'^\{"reason":"build-finished","success":true\}$'),
    Mark("cargo", FAILED, "rror: ", rf"^error: (?:{_CARGO})" + _REST),
    Mark("cargo", FAILED, "rror[E", r"^error\[E\d+\]: " + _REST),
    Mark("cargo", FAILED, "test result: FAILED", r"^test result: FAILED\."),
    Mark("cargo", DONE, "test result: ok", r"^test result: ok\. "),
    Mark("cargo-test", ERROR, "FAILED", r"^test \S.{0,200} \.\.\. FAILED$"),
    Mark("cargo-test", BEGUN, " tests", r"^running [1-9]\d* tests$"),
    Mark("cargo-test", BEGUN, "running 1 test", r"^running 1 test$"),
    Mark("cargo-test", STEP, "test result: ok", r"^test result: ok\. "),
    Mark("rust", ERROR, "panicked at", r"panicked at [^\s:']{1,300}:\d+:\d+:\s+(?P<text>\S.{0,200})", 2),
    Mark("rust", ERROR, "panicked at", r"panicked at " + _REST),
    Mark("rust", ERROR, "aused by: ", r"^[Cc]aused by: (?P<text>\S.{0,300})"),
    Mark("rust", ERROR, "cause: ", r"^cause: (?P<text>\S.{0,300})"),  # uv since 0.9
    Mark("rust", ERROR, "aused by:", r"^[Cc]aused by:\s+(?P<text>\S.{0,300})", 2),
    Mark("maturin", FAILED, "maturin failed", "maturin failed"),
    Mark("maturin", DONE, "Built wheel", r"Built wheel (?:for|to)\b"),
    Mark("maturin", DONE, "Installed ", r"^\W*Installed (?=\S+-\d)\S+$"),
    Mark("maturin", BEGUN, "bindings", r"^\W*Found \S+ bindings"),
    Mark("pip", BEGUN, "Collecting ", r"^Collecting \S+"),
    Mark("pip", BEGUN, "Processing ", r"^Processing (?:[./]|file:|\S{1,200}\.(?:whl|tar\.gz|zip)$)"),
    *(Mark("pip", BEGUN, words, rf"^(?:Running command )?{words}") for words in ("Getting requirements to build", "Preparing metadata", "Installing build dependencies", "Running command Building")),
    Mark("pip", BEGUN, "Building wheel", r"^Building wheels? for "),
    Mark("pip", STEP, "Created wheel for", r"^Created wheel for \S+: filename="),
    Mark("pip", DONE, "Successfully ", r"^Successfully (?:installed|built) \S"),
    Mark("gem", FAILED, "ERROR:  ", r"^ERROR:  (?:Error installing|While executing gem|Could not find) (?P<text>.{0,200})"),
    Mark("gem", FAILED, "build gem native extension", r"^(?:ERROR: |Gem::Ext::BuildError: ERROR: )?Failed to build gem native extension"),
    Mark("bitbake", FAILED, "ERROR: ", r"^ERROR: (?:Nothing R?PROVIDES|Required build target|Task \(|ParseError at|Logfile of failure|\S{1,200} do_\w{3,30}: )" + _REST),
    Mark("brew", FAILED, "Error: ", r"^Error: (?:The `brew link` step|No such keg|No available formula|Cannot install|Could not symlink)" + _REST),
    Mark("pip", FAILED, "ERROR", r"^ERROR:? (?!\[| (?:Error installing|While executing gem)|Failed to build gem|Nothing R?PROVIDES|Required build target|Task \(|ParseError at|Logfile of failure|\S{1,200} do_\w{3,30}: |pip's dependency resolver|process \"|failed to solve|unable to select|Job failed|InvocationError)(?P<text>.{0,300})"),
    Mark("pip", FAILED, "rror: subprocess-exited", r"^error: subprocess-exited-with-error"),
    Mark("pip", FAILED, "No matching distribution", r"^No matching distribution found for \S"),  # before 19.2
    Mark("setuptools", FAILED, "rror: ", r"^error: (?:command '|Failed to|Microsoft Visual)" + _REST),
    Mark("uv", FAILED, "  × ", r"^\s*[×✗] (?P<text>[A-Z].{0,200})", raw=True),
    Mark("pixi", FAILED, "× failed to ", r"^(?:Error: +)?× (?P<text>failed to .{0,200})"),
    Mark("pixi", FAILED, "x failed to ", r"(?:^|\s{8})x (?P<text>failed to .{0,200})"),
    Mark("uv", FAILED, "|-> ", r"^\|-> (?P<text>(?:The build backend returned an error|Failed to |Because ).{0,200})"),
    Mark("uv", FAILED, "`-> ", r"^`-> (?P<text>(?:Call to `|Because |Failed to ).{0,200})"),
    Mark("uv", FAILED, "x No solution found", r"^x (?P<text>No solution found when .{0,100})"),
    Mark("poetry", FAILED, "version solving failed", r"\bversion solving failed\.?$"),
    Mark("poetry", FAILED, "required packages Python req", r"^The current project's .{1,100} is not compatible with some of the required packages"),
    Mark("pdm", FAILED, "ResolutionImpossible]: ", r"^\[ResolutionImpossible\]: " + _REST),
    Mark("pdm", ERROR, "rror]: ", r"^\[[A-Z]\w{1,60}Error\]: (?P<text>.{1,300})"),
    Mark("poetry", FAILED, ") not found.", r"^Package \S+ \([^)]{1,60}\) not found\.$"),
    Mark("pdm", FAILED, "RequirementsConflicted: ", r"^(?:\w+\.)*RequirementsConflicted: " + _REST),
    Mark("poetry", FAILED, "[tool.poetry] section not", r"^\[tool\.poetry\] section not found in \S"),
    Mark("poetry", FAILED, "The Poetry configuration is", r"^The Poetry configuration is invalid:"),
    Mark("poetry", FAILED, "poetry.lock", r"^(?:Error: )?pyproject\.toml changed significantly since poetry\.lock"),
    Mark("poetry", FAILED, "by the project (", r"^The current(?:ly activated)? Python version .{1,60} is not (?:supported|allowed) by the project"),
    Mark("poetry", FAILED, "likely not a problem with poetry", r"^Note: This error originates from the build backend, and is"),
    Mark("poetry", FAILED, "): Failed", r"^\W*Installing \S+ \([^)]{1,60}\): Failed$"),
    Mark("poetry", FAILED, "uild", r"^(?:ChefBuildError|ChefInstallError|EnvCommandError|PoetryException|RuntimeError)$"),
    Mark("poetry", FAILED, "Error", r"^(?:HTTPError|ConnectionError|SolverProblemError)$"),
    Mark("conda", BEGUN, "Collecting package metadata", r"^Collecting package metadata "),
    Mark("conda", DONE, "Executing transaction: ", r"^Executing transaction: (?:.{0,400}\s)?done$"),
    Mark("conda", FAILED, "olving environment: ", r"^Solving environment: (?:.{0,400}\s)?failed$"),
    Mark("conda", FAILED, "ResolvePackageNotFound", r"^ResolvePackageNotFound:"),
    Mark("conda", FAILED, "Failed to download or patch", r"^Failed to download or patch source"),
    Mark("conda", FAILED, "Tests failed for ", r"^Tests failed for \S+ - moving package"),
    Mark("conda", FAILED, "not solve for environment", r"(?:^|libmamba )Could not solve for environment specs"),
    Mark("conda", ERROR, "nothing provides ", r"^(?:- +)+nothing provides (?P<text>.{1,200})"),
    Mark("uv", DONE, "Installed ", r"^Installed \d+ packages? in "),
    Mark("uv", STEP, "Prepared ", r"^Prepared \d+ packages? in "),
    Mark("uv", BEGUN, "Resolved ", r"^Resolved \d+ packages? in "),
    Mark("cc", ERROR, "rror: ", r"^\S[^:\n]{0,200}:\d+(?::\d+)?: (?:fatal )?error: (?P<text>.{0,200})"),
    Mark("cc", ERROR, ": error: ", r"^(?!error)[\w./+ -]{1,200}: (?:fatal )?error: (?P<text>.{0,200})"),
    Mark("cc", ERROR, "atal error: ", r"^(?:\S+: )?fatal error: (?P<text>.{0,200})"),
    *(Mark("cc", ERROR, words, rf"{words} ?[:：] ?(?P<text>.{{0,200}})") for words in FATAL),
    Mark("cc", ERROR, "multiple definition of", r"multiple definition of [`'](?P<text>.{0,200})"),
    Mark("cc", ERROR, "error C", r"\b(?:fatal )?error C\d{4}: (?P<text>.{0,200})"),  # Visual C++
    Mark("ld", ERROR, "error LNK", r"\b(?:fatal )?error LNK\d{4}: (?P<text>.{0,200})"),
    Mark("setuptools", FAILED, "configuration error: ", r"^configuration error: " + _REST),
    Mark("as", ERROR, ": Error: ", r"^\S{1,200}\.[sS]:\d+: Error: " + _REST),
    Mark("cc", ERROR, "error occurred", r"^error occurred(?: in cc-rs)?: (?P<text>.{0,300})"),  # the cc crate gives up
    Mark("make", FAILED, "*** ", r"^(?:\S*/)?(?:g|n|mingw32-)?make(?:\.exe)?(?:\[\d+\])?: \*\*\* " + _REST),
    Mark("make", ERROR, ".mk: No such file", r"^\S{0,200}(?:[Mm]akefile|\.mk):\d+: (?:\.\.?/|/)\S{0,200}\.mk: No such file or directory$"),
    Mark("make", STEP, "(ignored)", r"^\S*make(?:\[\d+\])?: \[.{1,300}\] Error \d+ \(ignored\)$"),
    Mark("make", STEP, "Built target", r"^\[\s*\d+%\] Built target \S+$"),
    Mark("ninja", FAILED, "ninja: ", r"^ninja: (?:build stopped|error|fatal)" + _REST),
    Mark("ninja", ERROR, "FAILED: ", r"^FAILED: (?:\[code=\d+\] )?\S+\s*$|^FAILED: (?!t\b)\S+\.(?:o|so|a|obj|p/\S+)"),
    *(Mark("ninja", DONE, f"] {verb} ", rf"^\[(\d{{1,6}})/\1\] {verb} ") for verb in ("Linking", "Building", "Compiling", "Generating", "Installing")),
    Mark("ninja", DONE, "no work to do", "^ninja: no work to do"),
    Mark("ninja", BEGUN, "Entering directory", "^ninja: Entering directory"),
    Mark("ninja", BEGUN, "calculating backend command", "^INFO: calculating backend command to run: "),  # meson compile
    *(Mark("ninja", BEGUN, f"] {verb} ", rf"^\[1/\d{{1,6}}\] {verb} ") for verb in ("Compiling", "Building", "Generating", "Linking")),
    Mark("cmake", BEGUN, "compiler identification", r"^-- The \w+ compiler identification"),
    *(Mark("cmake", STEP, f"-- {verb}", rf"^-- {verb}(?!.*not found)") for verb in ("Checking for ", "Looking for ", "Performing Test ", "Found ", "Detecting ", "Could NOT find ")),
    Mark("cmake", STEP, "=== Probing ", r"^=== Probing (?:the )?OpenCV library (?:using|in)"),  # the crate opencv goes on
    Mark("cmake", STEP, "Configuring done", r"^-- Configuring done"),
    Mark("cmake", DONE, "Generating done", r"^-- Generating done(?: \([\d.]+s\))?$"),
    Mark("cmake", FAILED, "CMake Generate step failed", r"^CMake Generate step failed\."),
    Mark("cmake", DONE, "Build files have been written", r"^-- Build files have been written to"),
    Mark("cmake", FAILED, "CMake Error", r"^(?:-- )?CMake Error(?: at |: | \()" + _REST),
    Mark("cmake", FAILED, "onfiguring incomplete", r"^-- Configuring incomplete, errors"),
    Mark("meson", BEGUN, "Meson build system", r"^The Meson build system"),
    *(Mark("meson", STEP, f"{verb}", rf"^{verb}\S+") for verb in ("Run-time dependency ", "Build-time dependency ", "Has header ", "Checking for function ")),
    Mark("meson", DONE, "Build targets in project", r"^Build targets in project: \d+"),
    Mark("meson", FAILED, ": ERROR: ", r"^\S+:\d+:\d+: ERROR: " + _REST),
    Mark("meson", FAILED, "ERROR: ", r"^meson\.build: ERROR: " + _REST),
    # to 0.43, with the reason below
    Mark("meson", FAILED, "Meson encountered an error", r"^Meson encountered an error(?: in file .{1,200})?:\s+(?P<text>\S.{0,200})", 2),
    Mark("meson", FAILED, "Meson encountered an error", r"^Meson encountered an error in (?P<text>.{0,200})"),
    Mark("autoconf", FAILED, " failed with exit status", r"^(?:autoreconf|aclocal|autom4te|automake)\S*: .{0,200}failed with exit status"),
    # numpy.distutils looks for one library after the other, and links small programs for it
    Mark("numpy.distutils", STEP, "NOT AVAILABLE", r"^(?:INFO: +)?NOT AVAILABLE$"),
    Mark("numpy.distutils", STEP, "FOUND:", r"^(?:INFO: +)?FOUND:$"),
    Mark("numpy.distutils", STEP, "removing: _configtest", r"^(?:INFO: )?removing: _configtest\."),
    Mark("configure", BEGUN, "checking ", r"^checking (?:build system type|whether the C compiler|for gcc)\.\.\."),
    *(Mark("configure", STEP, f"checking {verb} ", rf"^checking {verb} ") for verb in ("for", "whether", "if", "how")),
    Mark("configure", STEP, "config.status: creating", r"^config\.status: creating "),
    Mark("configure", FAILED, "configure: error", r"^configure: error: " + _REST),
    # what configuring tools keep of their probes: config.log; CMakeError.log to CMake 3.25, CMakeConfigureLog.yaml
    Mark("config.log", BEGUN, ": checking ", r"^configure:\d+: checking "),
    Mark("config.log", DONE, "configure: exit 0", r"^configure: exit 0$"),
    Mark("config.log", FAILED, "configure: exit ", r"^configure: exit [1-9]\d{0,2}$"),
    # a crate that looks in several ways says why each found nothing, and at the end that none did
    Mark("crate-probe", BEGUN, "=== Probing ", r"^=== Probing (?:the )?OpenCV library (?:using|in)"),
    Mark("crate-probe", STEP, "OpenCV package using probes", r"Failed to find (?:installed )?OpenCV package using probes"),
    Mark("cmake-probe", BEGUN, " failed with the following output:", r"^(?:Determining|Performing|Checking)\b(?!.* compiler works).{0,300} failed with the following output:$"),
    Mark("cmake-probe", BEGUN, " failed to compile with the following output:", r"^Detecting .{0,200} failed to compile with the following output:$"),
    Mark("cmake-probe", BEGUN, 'kind: "try_', r'^kind: "try_(?:compile|run)-v\d+"$'),
    Mark("cmake-probe", STEP, "exitCode: ", r"^exitCode: \d+$"),
    Mark("cmake-probe", STEP, "compiler works failed with", r"^Determining if the \w+ compiler works failed with the following output:$"),
    Mark("cmake-probe", STEP, "- \"Check for working ", r"^- \"Check for working \w+ compiler: "),
    Mark("npm", FAILED, "npm ERR!", r"^npm ERR! (?:code|errno|Failed)" + _REST),
    Mark("npm", FAILED, "npm error", r"^npm error (?:code|errno)" + _REST),
    Mark("npm", FAILED, "gyp ERR!", r"^gyp ERR! (?:build|configure) error|^gyp ERR! not ok"),
    Mark("npm", FAILED, "ELIFECYCLE", r"\bELIFECYCLE\b"),
    Mark("npm", FAILED, "Command failed with exit", r"^(?:error|ERR_\w+|\S*)? *Command failed with exit code [1-9]"),
    Mark("npm", DONE, "packages in", r"^(?:added|changed|up to date)[ ,].{0,60}packages? in "),
    Mark("go", FAILED, "FAIL\t", r"^FAIL\t\S+"),
    Mark("go", FAILED, "--- FAIL: ", r"^--- FAIL: "),
    Mark("go", DONE, "ok  \t", r"^ok {2}\t\S+\t"),
    Mark("go", FAILED, "panic: ", r"^panic: " + _REST),
    Mark("bazel", DONE, "completed successfully", r"^INFO: Build completed successfully, \d+ total actions?"),
    Mark("bazel", FAILED, "NOT complete successfully", r"^(?:ERROR|FAILED): Build did NOT complete successfully"),
    Mark("ctest", FAILED, "tests failed out of", r"^\d+% tests passed, [1-9]\d* tests failed out of"),
    Mark("ctest", DONE, "0 tests failed out of", r"^100% tests passed, 0 tests failed out of"),
    Mark("gradle", FAILED, "BUILD FAIL", r"^(?:\[ERROR\] |\[INFO\] |\*\* )?BUILD FAIL(?:ED|URE)"),
    Mark("gradle", DONE, "BUILD SUCCE", r"^(?:\[INFO\] |\*\* )?BUILD SUCCE(?:EDED|SSFUL|SS)"),
    Mark("python", ERROR, "Traceback (most", r"^Traceback \(most recent call last\)"),
    Mark("python", ERROR, "rror: ", r"^(?:E +)?(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Exit|Interrupt)(?:: (?P<text>.{0,300})|$)"),
    Mark("python", ERROR, "DLL load failed", r"(?:^|: )DLL load failed(?: while importing \w{1,80})?: ?(?P<text>\S.{0,200})"),
    Mark("python", ERROR, "xception: ", r"^(?:E +)?(?:[A-Za-z_]\w*\.)*[A-Z]\w*Exception: (?P<text>.{0,300})"),
    Mark("python", ERROR, "navailable: ", r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*Unavailable: (?P<text>.{0,300})"),
    Mark("python", ERROR, "Unable to import module", r"(?:^|[\s\"])(?P<text>Unable to import module '.{0,300})"),  # AWS Lambda
    Mark("python", ERROR, "No module named", r"^(?=\S*python)\S+: No module named " + _REST),
    # after what pytest writes before a test's result
    Mark("python", FAILED, "Fatal Python error", rf"^{PYTEST_PROGRESS}(?P<text>Fatal Python error: .{{0,200}})"),
    Mark("delvewheel", BEGUN, "finding DLL dependencies", r"^finding DLL dependencies$"),
    Mark("delvewheel", DONE, "fixed wheel written to", r"^fixed wheel written to \S"),
    Mark("auditwheel", DONE, "Fixed-up wheel", r"Fixed-up wheel written to"),
    # auditwheel show: the last sentence of its report
    Mark("auditwheel", DONE, "constrains the platform tag", r"^This constrains the platform tag to\s+\"\w{1,100}\"\.", 2),
    Mark("twine", FAILED, "Token request failed: ", r"^(?P<text>Token request failed: the (?:server refused|index produced).{0,200})"),
    Mark("abi3audit", FAILED, "has non-ABI3 symbols", r"(?<!\S)(?P<text>\S{1,300} has non-ABI3 symbols)"),
    Mark("abi3audit", FAILED, "auditing error: ", r"auditing error: (?P<text>.{1,200})"),
    Mark("delocate", FAILED, "ERROR:delocate.", r"^ERROR:delocate\.\w{1,30}:"),
    Mark("uv", FAILED, "x Failed to ", r"(?:^|\s{8})x (?P<text>Failed to (?:build|download|fetch|prepare|resolve|read) .{0,200})"),
    # "Building wheel..." is uv's as well
    Mark("cibuildwheel", BEGUN, "ing wheel...", r"^(?:Repairing|Testing) wheel\.\.\.$"),
    *(Mark("cibuildwheel", BEGUN, anchor, r"^Building [cpg]p\d{2,3}t?-\S{1,60} wheel$") for anchor in ("Building cp", "Building pp", "Building gp")),
    Mark("cibuildwheel", BEGUN, "built_wheel", r"(?:/tmp/cibuildwheel|[\\/]cibw-run-\w{4,12}[\\/][\w.-]{1,80})[\\/]built_wheel\b"),
    Mark("cibuildwheel", DONE, "produced in", r"^\d+ wheels? produced in"),
    Mark("cibuildwheel", FAILED, "with code ", r"Command \[?'.{0,300} failed with code [1-9]"),
    Mark("cibuildwheel", FAILED, "cibuildwheel: ", r"^cibuildwheel: (?!error: argument)(?P<text>\S.{0,300})"),
    # scikit-build tries one generator of CMake after the other
    Mark("scikit-build", BEGUN, "-- Trying ", r"^-- Trying .{1,80} generator$"),
    Mark("scikit-build", RETRIED, "generator - failure", r"^-- Trying .{1,80} generator - failure$"),
    Mark("scikit-build", FAILED, "get a working generator", r"scikit-build could not get a working generator"),
    # --- containers ---------------------------------------------------------------------------------------------------
    Mark("docker", DONE, "writing image sha256", r"writing image sha256:"),
    Mark("docker", DONE, "naming to ", r"^(?:=> )*naming to \S+"),
    Mark("docker", DONE, "Successfully tagged", r"^Successfully tagged "),
    Mark("docker", FAILED, "failed to solve", r"^(?:ERROR: )?failed to solve: " + _REST),
    Mark("docker", FAILED, "did not complete successfully", r"process .{0,400}did not complete successfully: exit code:? [1-9]"),
    Mark("docker", FAILED, "executor failed running [", r"^(?:ERROR: )?(?:failed to solve: .{0,100})?executor failed running \[.{0,2000}\]: exit code: [1-9]"),
    Mark("docker", FAILED, "non-zero code", r"returned a non-zero code: [1-9]"),
    Mark("docker", FAILED, "failed to compute cache key", r"^(?:ERROR: )?failed to compute cache key: " + _REST),
    Mark("docker", FAILED, "response from daemon", rf"^(?:{_ENGINE}: )?Error response from daemon: {_REST}"),
    *(
        Mark("docker", FAILED, words, rf"^{_ENGINE}: (?:invalid|unknown|[Ee]rror|[Cc]annot|permission denied|no such|no matching|image with|manifest|open|failed|unable|conflicting|the input device|could not|'\w|\"\w){_REST}")
        for words in ("docker: ", "docker.exe: ")
    ),
    Mark("docker", FAILED, "ockerfile parse error", r"[Dd]ockerfile parse error" + _REST),
    Mark("docker", FAILED, "ailed to parse ", r"^(?:ERROR: )?[Ff]ailed to parse (?:platform|stage name) " + _REST),
    Mark("docker", FAILED, "ailed to process ", r"^(?:ERROR: )?[Ff]ailed to process \"[^\"]{0,200}\": (?:unsupported|missing|invalid|bad|unexpected end|syntax error)" + _REST),
    Mark("docker", FAILED, "empty platform value", r"^(?:ERROR: )?empty platform value from expression " + _REST),
    Mark("docker", FAILED, "more than one source file", r"^When using (?:COPY|ADD) with more than one source file"),
    Mark("docker", FAILED, "COPY failed: ", r"^(?:COPY|ADD) failed: " + _REST),
    Mark("docker", FAILED, "Docker daemon", r"^(?:ERROR: |docker: )?(?:Cannot connect to the Docker daemon|permission denied while trying to connect to the Docker daemon)" + _REST),
    Mark("docker", FAILED, "manifest unknown", r"^manifest unknown$"),
    Mark("docker", FAILED, "toomanyrequests: ", r"toomanyrequests: " + _REST),
    Mark("docker", ERROR, "exec ", r"^exec \S+: (?:exec format error|no such file)"),
    # What BuildKit's exporters say; without one, the result stays in the cache.
    Mark("docker", DONE, "copying files ", r"^copying files .{1,80} done$"),
    Mark("docker", DONE, "sending tarball ", r"^sending tarball .{1,80}done$"),
    Mark("docker", DONE, "pushing manifest for ", r"^pushing manifest for .{1,300} done$"),
    Mark("docker", STEP, "No output specified ", r"No output specified (?:with|for) .{1,60} driver\."),
    *(
        Mark("buildkit", BEGUN, anchor, r"^\s*#\d+ (?:\[[^\]]{1,100}\] |exporting to )", raw=True)
        for anchor in ("] RUN ", "] COPY ", "] FROM ", "[internal] load ", " exporting to ")
    ),
    Mark("buildkit", DONE, " DONE ", r"^\s*#\d+ DONE \d", raw=True),
    Mark("buildkit", DONE, " CACHED", r"^\s*#\d+ CACHED", raw=True),
    Mark("buildkit", FAILED, "ERROR [", r"^(?:=> )*ERROR \[[^\]\n]{1,100}\] (?:RUN|COPY|ADD|FROM|exporting) (?P<text>.{0,300})"),
    Mark("buildkit", FAILED, " ERROR: ", r"^\s*#\d+ ERROR: (?P<text>.{0,300})", raw=True),
    # --- tests --------------------------------------------------------------------------------------------------------
    Mark("pytest", BEGUN, "test session starts", r"^=+ test session starts =+"),
    *(
        Mark("pytest", FAILED, anchor, r"^(?:=+ )?(?:\d+ \w+, ){0,6}[1-9]\d* (?:failed|errors?)\b.{0,120} in \d[\d.]*s")
        for anchor in (" failed", " error in ", " errors in ", " error, ", " errors, ")
    ),
    *(
        Mark("pytest", DONE, anchor, r"^(?:=+ )?(?:\d+ (?!failed|error)\w+, ){0,6}[1-9]\d* (?:passed|skipped|xfailed|xpassed)\b(?!.{0,120}\b(?:failed|errors?)\b).{0,120} in \d[\d.]*s")
        for anchor in (" passed", "skipped in ", " xfailed")
    ),
    Mark("pytest", ERROR, "no tests ran in ", r"^(?:=+ )?no tests ran in \d"),
    Mark("pytest", ERROR, "FAILED ", r"^FAILED \S+::\S+"),
    Mark("pytest", ERROR, "ERROR ", r"^ERROR (?:\S+::\S+|\S+\.py(?: - |$))"),
    Mark("pytest", FAILED, "Interrupted: ", r"^!+ Interrupted: \d+ errors? during collection"),
    Mark("pytest", ERROR, "node down: ", r"\[gw\d{1,4}\] node down: " + _REST),
    Mark("pytest", ERROR, "crashed while running", r"^worker 'gw\d{1,4}' crashed while running" + _REST),
    Mark("pytest", FAILED, "INTERNALERROR", r"^INTERNALERROR> "),
    # pytest-cov prints it before pytest's own count, coverage after its report
    Mark("coverage", FAILED, "Required test coverage of", r"^(?:FAIL )?Required test coverage of [\d.]+% not reached"),
    Mark("coverage", FAILED, "Coverage failure: ", r"^Coverage failure: total of "),
    Mark("unittest", FAILED, "FAILED (", r"^FAILED \((?:failures|errors|unexpected successes)="),
    Mark("unittest", DONE, "Ran ", r"^Ran [1-9]\d* tests? in [\d.]+s\s+OK\b", 3),
    Mark("tox", FAILED, ": FAIL", r"^[\w.{},-]+: FAIL(?: code \d+)?\b"),
    Mark("tox", ERROR, ": exit ", r"^[\w.{},-]+: exit (?:[1-9]|-\d)\d* (?:\(\w+\) )?\("),
    Mark("tox", ERROR, ": failed with ", r"^[\w.{},-]+: failed with (?P<text>\S.{0,300})"),
    Mark("tox", ERROR, "exc_msg", r"^Backend: Wrote response \{'code': .{1,300}'exc_type': (?P<text>'.{1,300})"),
    Mark("tox", FAILED, "evaluation failed", r"^evaluation failed :\("),
    Mark("tox", FAILED, "commands failed", r"^ERROR: +\S+: commands failed"),
    Mark("tox", FAILED, "InvocationError", r"^ERROR: InvocationError for command" + _REST),
    Mark("tox", DONE, "congratulations", r"^congratulations :\)"),
    Mark("nox", FAILED, "nox > ", r"^nox > (?:Session \S+ (?:failed|aborted|raised)|Command .{1,300} failed with exit code|\* \S+: (?:failed|aborted))"),
    Mark("nox", DONE, "nox > ", r"^nox > (?:Session \S+ was successful|\* \S+: success)"),
    # --- uploads ------------------------------------------------------------------------------------------------------
    Mark("twine", BEGUN, "Uploading ", r"^Uploading (?:distributions to|\S+\.whl)"),
    Mark("twine", FAILED, "Response from ", r"Response from \w{1,9}://\S{1,200}:\s{1,9}(?P<text>[45]\d\d (?:(?! INFO)[^<]){1,200})", 4),
    Mark("twine", FAILED, "InvalidDistribution: ", r"(?:\bERROR +|^)InvalidDistribution: (?P<text>.{1,300})"),
    Mark("twine", DONE, "View at", r"^View at:?"),
    # --- the system ---------------------------------------------------------------------------------------------------
    Mark("kernel", FAILED, "Segmentation fault", rf"{_SIGNAL}Segmentation fault{_CORE}"),
    Mark("kernel", FAILED, "Aborted", rf"{_SIGNAL}Aborted{_CORE}"),
    Mark("kernel", FAILED, "Killed", rf"{_SIGNAL}Killed{_CORE}"),
    Mark("kernel", FAILED, "Killed", r"^(?:Solving environment|Collecting package metadata[^:]{0,40}): (?:.{0,2000}\s)?Killed$"),  # conda
    Mark("kernel", FAILED, "Terminated", rf"{_SIGNAL}Terminated{_CORE}"),
    Mark("kernel", FAILED, "llegal instruction", rf"{_SIGNAL}Illegal instruction{_CORE}"),
    Mark("kernel", FAILED, "Bus error", rf"{_SIGNAL}Bus error{_CORE}"),
    Mark("kernel", FAILED, "loating point exception", rf"{_SIGNAL}Floating point exception{_CORE}"),
    Mark("kernel", FAILED, "Trace/breakpoint trap", rf"{_SIGNAL}Trace/breakpoint trap{_CORE}"),
    Mark("kernel", FAILED, "(core dumped)", r"(?:Segmentation fault|Aborted|Illegal instruction|Bus error) +\(core dumped\)"),
    # zsh: "zsh: segmentation fault  python", and of a job "[1]    4711 illegal hardware instruction (core dumped)  python"
    *(
        Mark("kernel", FAILED, words, rf"(?:^zsh: |\[\d+\] {{2,}}(?:[+-] )?\d+ ){words}(?: +\(core dumped\))? {{2,}}\S")
        for words in ("illegal hardware instruction", "segmentation fault", "bus error", "abort", "killed")
    ),
    Mark("kernel", FAILED, "nhandled exception at 0x", r"Unhandled exception at 0x\w+ .{1,300}: 0xC0\w{6}: (?P<text>.{1,100})"),
    Mark("kernel", FAILED, "qemu: uncaught", r"^qemu: uncaught target signal \d+"),
    Mark("kernel", FAILED, "QEMU internal SIG", r"(?:^|\S: )QEMU internal SIG[A-Z]{3,6}\b"),
    Mark("kernel", FAILED, "signal: ", r"\(signal: \d+, SIG\w+(?:: [^)]{1,60})?\)"),
    Mark("kernel", ERROR, "Killed signal", r"Killed signal terminated program"),
    Mark("libc", FAILED, "Fatal glibc error", r"^Fatal glibc error: " + _REST),
    Mark("libc", FAILED, "*** Error in ", r"^\*\*\* Error in [`'].{1,300}': " + _REST),
    Mark("libc", FAILED, "detected ***", r"^\*\*\* (?:stack smashing|buffer overflow) detected \*\*\*"),
    Mark("libc", FAILED, "terminate called", r"^terminate called (?:after throwing|without an active)" + _REST),
    Mark("libc", ERROR, "rror while loading shared", r"error while loading shared libraries: " + _REST),
    # musl's ldd cannot find the interpreter's functions that an extension module uses: no error
    Mark("libc", ERROR, "rror relocating", r"^Error relocating (?!\S+\.so: _*Py[A-Z_]\w*: symbol not found$)" + _REST),
    Mark("libc", ERROR, "rror loading shared library", r"^Error loading shared library " + _REST),
    Mark("libc", ERROR, "ssertion ", r"Assertion [`'\"].{1,200} failed\.?"),
    Mark("libc", ERROR, "CANNOT LINK EXECUTABLE", r"CANNOT LINK EXECUTABLE " + _REST),
    Mark("shell", ERROR, "not found", r"^(?:\S+: (?:line )?\d+: |(?:ba|da|z|k)?sh: (?:\d+: )?|env: ['\"]?)(?:exec: )?\S[^:]{0,100}: (?:command )?not found$"),
    Mark("shell", ERROR, "No such file", r"^(?:\S+: (?:line )?\d+: |(?:ba|da|z)?sh: (?:\d+: )?|env: )\S[^:]{0,200}: No such file or directory$"),
    # not glog's lines of a lower level than error
    Mark("shell", ERROR, "cannot ", r"^(?![DIVW]\d{0,4} .{0,80}\.(?:cc|cpp|cu|h|py):\d+\] )(?:.{0,1000}\bcannot (?:open|execute|enable|find|load)\b|[\w.-]{1,40}: cannot \w+ )"),
    Mark("shell", ERROR, "url: (", r"^curl: \(\d+\) " + _REST),
    Mark("shell", ERROR, "wget: ", r"^wget: (?P<text>(?:unable|bad address|server returned|can't connect|download timed).{0,200})"),
    Mark("shell", ERROR, "tar: ", r"^tar: (?:Error|Exiting with failure)" + _REST),
    Mark("shell", ERROR, "ermission denied", r"^\S+: (?:line )?(?:\d+: )?\S+: Permission denied$"),
    Mark("shell", ERROR, "o space left on", r"No space left on device"),
    Mark("program", FAILED, "rror: ", r"^(?:fatal )?error: (?P<text>.{0,300})"),
    Mark("program", ERROR, "Error: ", r"^\S*Error: (?P<text>.{0,300})"),
    Mark("program", ERROR, "failed to execute command: ", r"^failed to execute command: (?P<text>\".{1,300})"),  # Rust's bootstrap
    Mark("program", ERROR, "Failed ", r"^Failed (?:to build|building wheel)" + _REST + r"|^(?!Warning: )\S+: Failed " + _REST),
    *(
        Mark("program", ERROR, words, rf"^(?:(?:docker|podman): )?(?:{_REFUSED})" + _REST)
        for words in ("nknown ", " needs an argument: ", "nvalid ", "not defined: -", "no such option: -", "arg(s), received", "required flag(s) ", "unrecognized option", "illegal option")
    ),
    Mark("program", ERROR, " --help", rf"^(?:See|Run) ['\"`](?:{_HELPED})(?: [\w-]+){{0,3}} --help['\"`](?: for (?:more information|usage|help))?\.?$"),
    Mark("program", ERROR, " --help", r"^Try ['\"`‘][\w./ +-]{1,100} --?h(?:elp)?['\"`’](?: or ['\"`‘].{1,100}['\"`’])? for (?:more information|usage|help)\.?$"),
    Mark("git", ERROR, "is not a git command", r"^git: '[^']{1,60}' is not a git command\."),
    Mark("program", ERROR, "rror TS", r"\berror TS\d+: " + _REST),
    Mark("program", ERROR, "[ERROR]", r"^\[ERROR\] \S" + _REST),
    Mark("program", ERROR, "ERR_", r"^(?:\S+: )?ERR_\w+"),
    Mark("program", ERROR, "FATAL", r"^\W{0,3}FATAL\W" + _REST),
    Mark("lambda", FAILED, '"errorType"', r'(?:^|[{,])\s{0,8}"errorType": ?"(?P<text>[\w.]{1,80})"', raw=True),
    Mark("lambda", FAILED, "Runtime.Invalid", r"^(?P<text>Runtime\.Invalid\w{1,20})$"),
    # --- who ran it ---------------------------------------------------------------------------------------------------
    # a warning about the cache, or before another try, does not count
    Mark("ci", FAILED, "exit code", r"^(?!Warning: |Failed to (?:save|restore): |Tar failed).{0,4000}?(?:[Pp]rocess completed with|completed with|failed with|exited with|Job failed:) exit code:? [1-9]\d*\b(?! \(use -v)"),
    Mark("ci", FAILED, "exit code", r"^exit code:? [1-9]\d*$"),
    Mark("ci", FAILED, "exited with", r"exited with (?:code |status )?[1-9]\d*\.?$|exited with (?:code|status) [1-9]"),
    Mark("ci", FAILED, "Exited with code", r"^Exited with code (?:exit status )?[1-9]"),
    Mark("ci", FAILED, "non-zero exit", r"returned non-zero exit status [1-9-]"),
    Mark("ci", ERROR, "exit status", r"\((?:exit status: [1-9]\d*)\)"),
    Mark("ci", ERROR, "(exit code: ", r"\(exit code: (?:0x\w+|[1-9]\d*)"),
    # the actions nick-fields/retry and Wandalen/wretry.action
    # scripts that compile again with other options
    Mark("fallback", STEP, "trying without", r"\b(?:failed|[Cc]ouldn't|could not|[Cc]annot|unable to)\b.{0,120}\b(?:re-?)?trying without\b"),
    Mark("fallback", STEP, "ithout ", r"\b(?:[hH]ence|so|now|instead|again|retrying|falling back)\b.{0,20} (?:compil|build|try|test)ing .{0,20}\bwithout\b"),
    Mark("retry", RETRIED, "ttempt ", r"##\[warning\]Attempt \d{1,3} failed\. Reason: ", raw=True),
    Mark("retry", RETRIED, "ttempt ", r"^(?:::warning::)?Attempt #?\d{1,3} failed"),
    Mark("ci", FAILED, "##[error]", r"##\[error\](?P<text>.{1,300})", raw=True),
    Mark("ci", FAILED, "::error", r"^\s*(?:\S+Z )?::error(?: [^:\n]{0,200})?::(?P<text>.{1,300})", raw=True),
    Mark("ci", FAILED, "ERROR: Job failed", r"^ERROR: Job failed"),
    Mark("ci", DONE, "Job succeeded", r"^Job succeeded$"),
    Mark("ci", FAILED, "Finished: FAILURE", r"^Finished: FAILURE$"),
    Mark("ci", DONE, "Finished: SUCCESS", r"^Finished: SUCCESS$"),
    Mark("ci", DONE, "Your build exited with 0", r"^Done\. Your build exited with 0\."),
    Mark("ci", FAILED, "Your build exited with", r"^Done\. Your build exited with [1-9]"),
)
# fmt: on

PATTERNS: tuple[Pattern, ...] = tuple(mark.row for mark in MARKS)

#: The stage of a script at which a tool's own process runs; tools within or around others have no stage.
STAGES: dict[str, BuildStage] = {
    **dict.fromkeys(("apt", "dpkg", "dnf", "apk", "zypper", "pacman", "rustup", "git"), BuildStage.PREPARE),
    **dict.fromkeys(
        ("cargo", "maturin", "pip", "cmake", "meson", "configure", "ninja", "make", "go"), BuildStage.BUILD
    ),
    **dict.fromkeys(("uv", "npm", "cibuildwheel"), BuildStage.BUILD),
    **dict.fromkeys(("pytest", "unittest", "tox", "nox", "cargo-test"), BuildStage.TEST),
    "twine": BuildStage.PUBLISH,
}
#: Tools that stop at an error: a STEP or DONE after it shows that the error did not count.
SEQUENTIAL = frozenset({"cmake", "meson", "configure", "numpy.distutils", "dpkg", "dnf", "apk"})
#: Those of them that do the rest after a failure, and report it again at their end.
RESUMING = frozenset({"dpkg"})
#: Those of them that configure before the build.
CONFIGURING = frozenset({"cmake", "meson", "configure", "numpy.distutils"})
#: Logs of probes: what one of them reports was only asked, once the next one begins or it is over (``STEP``). CMake's last
#: one goes on as long as only tools of probes write; what the last one in config.log reports can be why configure ends.
PROBING = frozenset({"config.log", "cmake-probe", "crate-probe"})
PROBES_RUN = frozenset({"cc", "as", "ld", "shell", "program", "make", "ninja"})
#: Tools that run several tasks and report each: the success of one does not cancel the failure of another.
SUMMING = frozenset({"nox", "tox"})
#: Tools that run those before them, and tools that configure or compile: the success of one of these is not the end.
AROUND = ("cargo", "maturin", "pip", "uv", "poetry", "conda", "cibuildwheel")
#: Plugins that fail the run of another tool before that one reports its own success, which then does not count.
WITHIN = {"coverage": "pytest"}
