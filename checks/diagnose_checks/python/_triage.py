"""What the checks of this area share: the words with which cibuildwheel refuses its options and settings.

Read in its source, releases 2.0 to 4, November 2026.
"""

from __future__ import annotations

from diagnose.authoring.refusals import RefusedSetting

_CIBW = r"^(?:cibuildwheel: )?(?:error: )?"
#: Releases before 2.17 let Python print the exception.
_CONFIG = r"^(?:cibuildwheel: )?(?:error: )?(?:cibuildwheel\.\w{1,30}\.\w{1,30}Error: )?[\"']?"
CIBUILDWHEEL = (
    RefusedSetting(
        "must be a build selector with",
        _CIBW + r"Invalid --only='', must be",
        "--only of cibuildwheel is empty",
        "give it one identifier, as cibuildwheel prints them",
        "As in cp313-manylinux_x86_64. In a workflow's matrix: the variable that --only gets is empty.",
        "cibuildwheel --print-build-identifiers --platform linux",
    ),
    RefusedSetting(
        "--only",
        r"(?:Invalid --only=|argument --only: invalid choice: )'\\?\"\\?\"'",
        "an old release of cibuildwheel's action passes two quotation marks for every input that is not set: --only "
        "is empty",
        "use a newer release of the action",
        "uses: pypa/cibuildwheel@v2.16.5 or later. The PowerShell of Windows's runners of 2024 passes on the "
        "quotation marks that older ones removed.",
    ),
    RefusedSetting(
        "must be a build selector with",
        _CIBW + r"Invalid --only='(?P<only>[^']{1,100})', must be a build selector with a known platform",
        "--only has no build identifier: '{only}'",
        "give one identifier, as cibuildwheel prints them",
        "As in cp313-manylinux_x86_64: --only takes no pattern and no list.",
        "cibuildwheel --print-build-identifiers --platform linux",
    ),
    RefusedSetting(
        "argument --only: invalid choice",
        r"cibuildwheel: error: argument --only: invalid choice: '' ",
        "--only of cibuildwheel is empty",
        "give it one identifier, as cibuildwheel prints them",
        "As in cp313-manylinux_x86_64. In a workflow's matrix: the variable that --only gets is empty.",
        "cibuildwheel --print-build-identifiers --platform linux",
    ),
    RefusedSetting(
        "argument --only: invalid choice",
        r"cibuildwheel: error: argument --only: invalid choice: '(?P<only>[^']{1,100})' ",
        "--only has no build identifier that this cibuildwheel builds: '{only}'",
        "give one identifier, as cibuildwheel prints them",
        "As in cp313-manylinux_x86_64: --only takes no pattern and no list.",
        "cibuildwheel --print-build-identifiers --platform linux",
    ),
    RefusedSetting(
        "Invalid architecture '",
        r"cibuildwheel: error: Invalid architecture '(?P<arch>[^']{1,60})'",
        "cibuildwheel knows no processor {arch}, which CIBW_ARCHS or --archs names",
        "name those that the system has",
        "Linux: x86_64, i686, aarch64, armv7l, ppc64le, s390x, riscv64, auto, native, all. macOS: x86_64, arm64, "
        "universal2. "
        "Windows: AMD64, x86, ARM64.",
    ),
    RefusedSetting(
        "selector: '",
        r"cibuildwheel: error: Invalid (?P<kind>build|skip|enable|test-skip) selector: '(?P<selector>[^']{1,100})'\.? "
        r"(?P<said>\S.{0,160})",
        "{kind} of cibuildwheel names {selector}, which this release does not build",
        "take it out of {kind}, or use an older cibuildwheel",
        "cibuildwheel says: {said}",
    ),
    RefusedSetting(
        "nvalid archs option",
        r"(?:ValueError: |" + _CIBW + r")Invalid archs option (?P<archs>\{.{1,200}?\}|'[^']{1,60}')",
        "CIBW_ARCHS names processors that this system does not build for: {archs}",
        "name those that the system has",
        "Linux: x86_64, i686, aarch64, armv7l, ppc64le, s390x, riscv64, auto, native, all. macOS: x86_64, arm64, "
        "universal2. "
        "Windows: AMD64, x86, ARM64. CIBW_ARCHS_LINUX, CIBW_ARCHS_MACOS and CIBW_ARCHS_WINDOWS hold for one.",
    ),
    RefusedSetting(
        "Empty archs option set",
        r"(?:ValueError: |" + _CIBW + r")Empty archs option set",
        "CIBW_ARCHS is empty",
        "name a processor, or remove the setting",
        "CIBW_ARCHS: auto is what it takes by itself. In a matrix of a workflow: the variable that it gets is empty.",
    ),
    RefusedSetting(
        "No build identifiers selected",
        _CIBW + r"No build identifiers selected",
        "build and skip of cibuildwheel leave nothing to build here",
        "compare them with the identifiers that there are",
        "Reasons: a Python that this cibuildwheel no longer or not yet builds (enable), requires-python, a processor "
        "that "
        "CIBW_ARCHS does not name, a misspelt identifier. --allow-empty lets such a job pass.",
        "cibuildwheel --print-build-identifiers --platform linux",
    ),
    RefusedSetting(
        "Failed to parse enable group",
        _CIBW + r"Failed to parse enable group\. (?P<said>.{1,100})",
        "CIBW_ENABLE names a group that this cibuildwheel does not have: {said}",
        "name one that it has",
        "The message lists those of this release: cpython-prerelease, pypy, pypy-eol, graalpy and others.",
    ),
    RefusedSetting(
        "supported in a config file",
        _CONFIG + r"Option '?(?P<option>enable|test-groups|test-sources|test-environment|test-runtime|pyodide-version"
        r"|xbuild-\w{1,20}|android-\w{1,20}|ios-\w{1,20})'? not supported in a config file",
        "[tool.cibuildwheel] has {option}, for which this cibuildwheel is too old",
        "use a newer cibuildwheel",
        "In GitHub Actions: uses: pypa/cibuildwheel@v3.2.1 or later. enable came with 2.22, the others with it or "
        "later.",
        "python3 -m pip install --upgrade cibuildwheel",
    ),
    RefusedSetting(
        "ecognised build frontend",
        _CONFIG + r"Unrecognised build frontend '?(?P<frontend>[^',]{1,60})'?, only (?P<known>.{1,100}) (?:are|is) "
        r"supported",
        "cibuildwheel does not know the build front end {frontend}: it takes {known}",
        "use a newer cibuildwheel, or name one of those",
        "build[uv] is of 2024. In GitHub Actions: uses: pypa/cibuildwheel@v3.2.1 or later.",
        "python3 -m pip install --upgrade cibuildwheel",
    ),
    RefusedSetting(
        "argument --platform: invalid",
        r"cibuildwheel: error: argument --platform: invalid choice: '(?P<platform>[^']{1,40})' \(choose from "
        r"(?P<known>[^)]{1,200})",
        "this cibuildwheel does not build for {platform}: it knows {known}",
        "use a newer cibuildwheel, or correct the name",
        "pyodide came in 2024, ios and android in 2025. In GitHub Actions: uses: pypa/cibuildwheel@v3.2.1 or later.",
        "python3 -m pip install --upgrade cibuildwheel",
    ),
    RefusedSetting(
        "is not a valid Architecture",
        r"^ValueError: '(?P<arch>[^']{1,40})' is not a valid Architecture",
        "this cibuildwheel knows no processor {arch}, which CIBW_ARCHS or --archs names",
        "correct the name, or use a newer cibuildwheel",
        "Linux: x86_64, i686, aarch64, ppc64le, s390x; newer ones also armv7l and riscv64. macOS: x86_64, arm64, "
        "universal2. Windows: AMD64, x86, ARM64.",
        "python3 -m pip install --upgrade cibuildwheel",
    ),
    RefusedSetting(
        "supported in a config file",
        _CONFIG + r"Option '?(?P<option>[\w.-]{1,60})'? not supported in a config file",
        "[tool.cibuildwheel] has {option}, which it does not know",
        "correct the key: with hyphens, and without CIBW",
        'As in build-verbosity = 1, test-command = "pytest". environment and overrides are tables.',
    ),
    RefusedSetting(
        "wheel named ",
        r"^(?:cibuildwheel: error: )?Build failed because a wheel named (?P<wheel>\S{1,200})$",
        "two builds of cibuildwheel make the wheel {wheel}",
        "build it once, or give the wheels names that differ",
        'A wheel for the stable ABI serves all later Pythons: build = "cp312-*" leaves the others out, and '
        "cibuildwheel tests "
        'it with them by itself where the tag is abi3. scikit-build-core: wheel.py-api = "cp312".',
    ),
    RefusedSetting(
        "was already generated in the curr",
        r"Build failed because a wheel named (?P<wheel>\S{1,200}) was already generated in the current run",
        "two builds of cibuildwheel make the wheel {wheel}",
        "build it once, or give the wheels names that differ",
        "A wheel for the stable ABI serves all later Pythons by itself, cibuildwheel knows it by its tag. A name "
        "that says "
        'less than it holds, as py3-none-linux: build = "cp312-*".',
    ),
    RefusedSetting(
        "did not produce a wheel",
        r"Build failed because the repair step completed successfully but did not produce a wheel",
        "the repair command of cibuildwheel left no wheel in its folder",
        "let it write the wheel into {dest_dir}",
        'CIBW_REPAIR_WHEEL_COMMAND: "auditwheel repair -w {dest_dir} {wheel}". An empty command leaves the repair out.',
    ),
    RefusedSetting(
        "produced multiple wheels",
        r"Build failed because the repair step completed successfully but produced multiple wheels",
        "the repair command of cibuildwheel left several wheels in its folder",
        "let it write one wheel into {dest_dir}",
        "cp {wheel} {dest_dir} beside auditwheel leaves two.",
    ),
)
