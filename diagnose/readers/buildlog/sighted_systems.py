r"""What shows that a build did not run on a Linux distribution with its packages, but on another system or inside one.

The id of the system is the pattern's group ``of_ID``; :mod:`diagnose.tables.other_systems` knows what to do there.
Sources: the paths of Nix and Guix; conda-build's names of prefixes and compilers; MSYS2's environments; Termux's
prefix; ``sysconfig.get_platform()`` of Python; the folders of OpenEmbedded, Buildroot, OpenWrt, Spack, Portage,
Homebrew and MacPorts.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.pattern import Pattern, patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND = "other-system"
#: Where the manager of a distribution itself writes: no other system.
LINUX = "linux"


def _of(system: str, *rows: tuple[str, str]) -> tuple[Pattern, ...]:
    return patterns_for(KIND, *((anchor, f"(?:{pattern})(?P<of_{system}>)") for anchor, pattern in rows))


_HASH = r"[0-9a-z]{32}-"
PATTERNS: tuple[Pattern, ...] = (
    *_of(
        "nix",
        ("/nix/store/", rf"/nix/store/{_HASH}"),
        ("[nix-shell:", r"^\[nix-shell:"),
    ),
    *_of("guix", ("/gnu/store/", rf"/gnu/store/{_HASH}")),
    *_of(
        "conda",
        ("-conda-linux-gnu", r"(?<![\w-])(?:x86_64|aarch64|ppc64le)-conda(?:_cos\d)?-linux-gnu(?:-|/)"),
        ("-apple-darwin", r"(?<![\w-])(?:x86_64|arm64)-apple-darwin\d[\d.]{0,8}-(?:clang|ar|ld|nm)\b"),
        ("/feedstock_root", r"/feedstock_root\b"),
        ("conda-bld", r"[\\/]conda-bld[\\/]"),
        ("/.pixi/envs/", r"/\.pixi/envs/"),
        ("/rattler-build", r"/rattler-build_[\w.-]{1,80}/"),
        ("onda/", r"/(?:[Aa]na|[Mm]ini|micromam|mam)?conda\d?/(?:envs|bin|lib|include|pkgs|compiler_compat)/"),
        ("onda3/", r"/(?:[Aa]na|[Mm]ini)conda3/(?:envs|bin|lib|include|pkgs|compiler_compat)/"),
        ("forge", r"/[Mm](?:iniforge|ambaforge)3?/(?:envs|bin|lib|include|pkgs|compiler_compat)/"),
        ("mamba", r"/(?:micro)?mamba/envs/"),
        ("onda3\\", r"(?i:\\(?:ana|mini)conda3\\(?:envs|lib|library|include|pkgs)\\)"),
        ("forge3\\", r"(?i:\\miniforge3\\(?:envs|lib|library|include|pkgs)\\)"),
    ),
    *_of(
        "msys2",
        ("msys64", r"(?i:[A-Z]:[\\/]{1,2}(?:[\w.-]{1,40}[\\/]{1,2}){0,4}msys64[\\/])"),
        ("/mingw64/", r"(?<![\w./-])/mingw64/(?:bin|lib|include)/"),
        ("/ucrt64/", r"(?<![\w./-])/ucrt64/(?:bin|lib|include)/"),
        ("/clang64/", r"(?<![\w./-])/clang64/(?:bin|lib|include)/"),
        (".mingw_", r"(?:lib|temp|bdist)\.mingw_(?:x86_64|i686|aarch64)"),
    ),
    *_of("termux", ("com.termux", r"/data/(?:data|user/\d{1,3})/com\.termux/")),
    *_of("android", ("/prebuilt/", r"/toolchains/llvm/prebuilt/(?:linux|darwin)-x86_64/(?:bin|sysroot|lib)/")),
    *_of(
        "emscripten",
        ("emscripten", r"/emsdk/upstream/emscripten/|/emscripten/cache/sysroot/"),
        ("emcc: error", r"^emcc: error: "),
    ),
    *_of(
        "freebsd",
        (".freebsd-", r"(?:lib|temp|bdist)\.freebsd-\d"),
        ("freebsd", r"(?:HOST(?: = |: )(?:Some\()?\"?|host: )\w+-unknown-freebsd|-portbld-freebsd\d"),
        ("/usr/ports/", r"/usr/ports/[\w-]{1,40}/[\w-]"),
    ),
    *_of(
        "openbsd",
        (".openbsd-", r"(?:lib|temp|bdist)\.openbsd-\d"),
        ("openbsd", r"HOST(?: = |: )(?:Some\()?\"?\w+-unknown-openbsd"),
    ),
    *_of(
        "netbsd",
        (".netbsd-", r"(?:lib|temp|bdist)\.netbsd-\d"),
        ("netbsd", r"HOST(?: = |: )(?:Some\()?\"?\w+-unknown-netbsd"),
    ),
    *_of("linuxbrew", ("/.linuxbrew/", r"/home/linuxbrew/\.linuxbrew/")),
    *_of(
        "macports", ("/opt/local/", r"(?:^|[^\w.]|-[ILF])/opt/local/(?:bin|lib|include|Library|libexec|var/macports)\b")
    ),
    *_of("gentoo", ("/portage/", r"/var/tmp/portage/[\w-]{1,40}/")),
    *_of(
        "yocto",
        ("recipe-sysroot", r"/recipe-sysroot(?:-native)?/"),
        ("Nothing PROVIDES ", r"^ERROR: Nothing R?PROVIDES '"),
        (".bbclass", r"[\w-]\.bbclass\b"),
        *(
            (f" do_{task}", rf"^(?:ERROR|NOTE|WARNING): \S{{1,200}} do_{task}\w{{0,30}}: ")
            for task in ("compile", "configure", "fetch", "image", "install", "package", "patch", "rootfs", "unpack")
        ),
        ("oe-repo", r"\boe-repo\b"),
    ),
    *_of(
        "buildroot",
        ("buildroot", r"/buildroot[\w.-]{0,30}/(?:[\w.-]{1,60}/){0,3}(?:host|build)/|-buildroot-linux-"),
    ),
    *_of(
        "openwrt",
        ("/staging_dir/", r"/staging_dir/(?:target|host|toolchain)[\w.+-]{0,80}/"),
        ("-openwrt-linux", r"-openwrt-linux\b"),
    ),
    *_of(
        "spack",
        ("/spack/", r"/spack/(?:opt/spack|lib/spack|var/spack)/"),
        ("spack-stage", r"/spack-stage-[\w.-]{1,80}/"),
    ),
    *_of(
        "macos",
        ("-apple-darwin", r"(?:HOST(?: = |: )(?:Some\()?\"?|host triple is )\w+-apple-darwin"),
        ("exit successfully: ", r"exit successfully: `/Users/"),
        (".cargo/registry/", r"(?<![\w/])/Users/[\w.-]{1,60}/\.cargo/registry/"),
        ("macosx-", r"(?:lib|temp|bdist)\.macosx-\d"),
        # its compiler's own folders; osxcross has copies of the SDK elsewhere
        ("/Library/Developer/", r"(?<![\w/])/Library/Developer/(?:CommandLineTools|Toolchains)/"),
        ("/Applications/Xcode", r"(?<![\w/])/Applications/Xcode[\w.-]{0,40}\.app/"),
        ("/private/var/folders/", r"/private/var/folders/"),
        ("/opt/homebrew/", r"/opt/homebrew/(?:opt|lib|Cellar|bin|include)/"),
        ("/usr/local/Cellar/", r"(?<![\w.])/usr/local/Cellar/"),
        ("-darwin.so", r"\.cpython-\d+t?-darwin\.so"),
        ("xcrun: error", r"^xcrun: error: "),
        ("/Users/", r"\b(?:in|File|at|from|directory:?) [\"'(]?(?:file:/+)?/Users/[\w.-]"),
        ("/Users/", r"^ *(?:Compiling|Checking|Building) .{1,100} \(/Users/[\w.-]"),
        ("ld: library ", r"(?:^|\s)ld: library (?:not found for -l|'[^']+' not found)"),
        ("Undefined symbols for", r"^(?:= note: )?Undefined symbols for architecture"),
        (", referenced from:", r"^\"_[\w$]{1,200}\", referenced from:$"),
        (" for architecture", r"^ld: symbol\(s\) not found for architecture"),
        ("libclang.dylib", r"'libclang\.dylib'"),
    ),
    *_of(
        "windows",
        ("schannel: ", r"\bschannel: "),
        ("-pc-windows-", r"(?:HOST(?: = |: )(?:Some\()?\"?|host triple is )\w+-pc-windows"),
        ("exit successfully: ", r"exit successfully: `[A-Z]:\\"),
        ("Users\\", r"(?<!\w)[A-Z]:\\{1,2}Users\\{1,2}[\w.~-]"),
        (".cargo\\registry", r"(?<!\w)[A-Z]:\\.{1,200}\.cargo\\registry\\"),
        ("vcpkg", r"(?<!\w)[A-Z]:\\(?:[\w.-]{1,60}\\)*vcpkg\b"),
        ("Microsoft Visual Studio", r"(?<!\w)[A-Z]:\\{1,2}Program Files(?: \(x86\))?\\{1,2}Microsoft Visual Studio\\"),
        ("CMake Error at ", r"^CMake Error at [A-Z]:/"),
        ("cygwinccompiler", r"[\\/]cygwinccompiler\.py\b"),
        (".win-amd64-", r"(?:lib|temp|bdist)\.win-amd64-"),
        ("fatal error LNK", r"^(?:= note: )?(?:LINK : |\S{1,200} : )?fatal error LNK\d{4}"),
        ("link.exe", r"linking with `link\.exe` failed|linker `link\.exe` not found"),
        ("cl.exe", r"(?:^|[\s\"'\\])cl\.exe\"? (?:/\w|failed|-nologo)"),
        ("cannot find the file", r"The system cannot find the file specified"),
        *(  # the same in other languages, as Rust prints it
            (text, rf"{text}.{{0,20}}\(os error 2\)")
            for text in (
                "die angegebene Datei nicht finden",
                "fichier spécifié est introuvable",
                "no puede encontrar el archivo especificado",
                "trovare il file specificato",
                "não pode encontrar o arquivo especificado",
                "найти указанный файл",
                "找不到指定的文件",
                "找不到指定的檔案",
                "指定されたファイルが見つかりません",
                "지정된 파일을 찾을 수 없습니다",
            )
        ),
        ("libclang.dll", r"'libclang\.dll'"),
        ("ld.exe: ", r"(?:^|[\s\\/])ld\.exe: "),
        ("collect2.exe: ", r"(?:^|[\s\\/])collect2\.exe: "),
    ),
)


def named(groups: Iterable[str]) -> str:
    """Return the id of the system that a hit of :data:`KIND` with these *groups* shows."""
    return next((name.removeprefix("of_") for name in groups if name.startswith("of_")), "")
