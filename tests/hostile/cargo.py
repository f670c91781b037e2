"""Attacks the readers of Cargo's files: ``python3 dev.py fuzz cargo SECONDS [SEED]``.

Every input is a project in memory with a manifest, a lock file, a configuration and a ``pyproject.toml``, of which one
or two are changed in words, lines and bytes.
"""

# ruff: noqa: E501  (an input is one piece of text)
from __future__ import annotations

import functools
import random
from collections.abc import Callable

from diagnose.model import targets
from diagnose.readers import toml
from diagnose.readers.cargo import config, needs, project
from diagnose.readers.cargo.cfg import fits

from . import engine

FILES = {
    "/p/Cargo.toml": '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    '[features]\ndefault = ["x"]\nx = ["dep:alsa"]\n[dependencies]\npyo3 = { version = "0.23", features = ["abi3-py39"] }\n'
    'alsa = { version = "0.9", optional = true }\n[target."cfg(all(unix, not(windows)))".dependencies]\nlibz-sys = "1"\n'
    '[package.metadata.system-deps]\nalsa = ">= 1.2"\n[workspace]\nmembers = ["a", "b/*"]\n',
    "/p/Cargo.lock": "version = 4\n"
    + "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "registry"\ndependencies = [\n{listed}]\n'
        for name, version, listed in (
            ("alsa", "0.9.1", ' "alsa-sys",\n'),
            ("alsa-sys", "0.3.1", ' "pkg-config",\n'),
            ("demo", "0.1.0", ' "alsa",\n "libz-sys",\n "pyo3",\n'),
            ("libz-sys", "1.1.20", ' "cc",\n "pkg-config",\n'),
        )
    ),
    "/p/.cargo/config.toml": '[build]\ntarget = "armv7-unknown-linux-gnueabihf"\nrustflags = ["-C", "linker=x"]\n'
    '[target.armv7-unknown-linux-gnueabihf]\nlinker = "arm-linux-gnueabihf-gcc"\nalsa.rustc-link-lib = ["asound"]\n'
    '[target.\'cfg(unix)\']\nrustflags = "-C target-feature=-crt-static"\n[env]\nA = { value = "a", force = true }\nB = "b"\n',
    "/p/pyproject.toml": '[build-system]\nbuild-backend = "maturin"\n[tool.maturin]\nmanifest-path = "Cargo.toml"\n',
    "/p/a/Cargo.toml": '[package]\nname = "a"\nversion = "1"\n[dependencies]\ndemo = { path = ".." }\n',
}
KNOWN = (
    "[package]", "[[package]]", "[env]", "[build]", "[features]", "[dependencies]", "[target.x]", "name", "version",
    "dependencies", "include", '"x"', "'''", '"""', "[1, 2]", "{ path = '.' }", "true", "1979-05-27", "nan", "a.b.c",
    "cfg(any(", "default", "rustflags", "links", "edition", "members", "crate-type", "system-deps", "x = 1", "1e5",
)  # fmt: skip
PLATFORMS = (
    "cfg(unix)",
    'cfg(all(target_os = "linux", not(target_env = "musl")))',
    "cfg(any(windows, unix,))",
    "x86_64-x",
)
VALUES = (
    "1", "-1", "1.5", "nan", "true", '""', '" "', '"a"', '"\\u0000"', "[]", "[1]", '["a", 1]', '["a", "b"]', "{}", "{ a = 1 }",
    "{ path = '..' }", "{ version = 1 }", "[[]]", "[{ a = [] }]", "1979-05-27T07:32:00Z", "07:32:00", '"1.2"', '"*"',
    '{ package = "", features = [1] }', '{ features = "x" }', '{ value = 1, force = "x" }', '"٣.²"', '"../../../.."',
    f'"{"1" * 5000}"', "1" * 400, '"b/*/*"', '">= 1, < 2"', '["é"]', "0x1F", "[{ path = '/p/Cargo.toml' }]",
)  # fmt: skip


def values(chance: random.Random, text: str) -> str:
    """Return the TOML *text* with some values or keys replaced by others of any type; it is TOML still."""
    lines = text.split("\n")
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = int(chance.random() * len(lines))
        key, equals, value = lines[at].partition(" = ")
        if equals and value[-1:] != "[":
            lines[at] = f"{key} = {chance.choice(VALUES)}"
        elif lines[at][:1] == "[" and chance.random() < 0.5:
            lines.insert(at + 1, f"{chance.choice(('name', 'version', 'links', 'env', 'x'))} = {chance.choice(VALUES)}")
        elif lines[at][:1] == "[" and chance.random() < 0.3:
            lines[at] = chance.choice(("[[target]]", "[package.metadata]", "[env.A]", "[target.x.alsa]", "[source.x]"))
    return "\n".join(lines)


def kind() -> engine.Kind:
    """Return the kind of input: the files of a project, and the name of a platform."""
    paths = tuple(FILES)
    target = targets.resolve("armv7-unknown-linux-gnueabihf")
    assert target is not None
    plain = {text: toml.parse(text) for text in FILES.values()}  # all but one or two files of an input are as they were
    parse = toml.parse
    toml.parse = lambda text: plain[text] if text in plain else parse(text)
    project.sys_crates = functools.cache(needs.sys_crates)  # type: ignore[attr-defined]
    toml._words = functools.lru_cache(4)(toml._words.__wrapped__)  # it keeps every text, of which a project has a few

    def make(chance: random.Random) -> object:
        files = {path: text.encode() for path, text in FILES.items()}
        for _ in range(chance.choice((1, 1, 2))):
            path = paths[int(chance.random() * len(paths))]
            if chance.random() < 0.05:
                del files[path]
                break
            change = chance.random()
            if change < 0.6:
                files[path] = values(chance, FILES[path]).encode()
            elif change < 0.9:
                files[path] = engine.words(chance, FILES[path], KNOWN).encode()
            else:
                files[path] = engine.flip(chance, FILES[path].encode())
        return files, engine.words(chance, chance.choice(PLATFORMS), ("cfg(", "not(", "unix", ")", ",", '"'))

    def read(value: object) -> None:
        files, platform = value  # type: ignore[misc]
        fits(platform, target)
        place = engine.Memory(files)
        place.live = True  # the project is on this machine
        found = config.configuration(place, "/p", "/root/.cargo")
        variables = found.variables({})
        found.linker(variables, target)
        found.crt_static(variables, target)
        project.project(place, "/p", found, "/root/.cargo", target)

    return engine.Kind("cargo", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated projects for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
