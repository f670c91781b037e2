"""``cfg(…)`` expressions, and platforms of dependencies, for a Linux target.

Source: The Rust Reference, conditional compilation; The Cargo Book, platform specific dependencies.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.model.targets import Target


def cfg(expression: str, target: Target) -> bool:
    """Whether a ``cfg(…)`` expression is true for *target*; an unknown result counts as false."""
    return _holds(expression, _known(target)) is True


def fits(platform: str, target: Target, *, build: bool = False) -> bool:
    """Whether the dependencies that a manifest has for *platform*, a ``cfg(…)`` or a triple, are needed for *target*.

    An unknown result counts as needed. Those of a build script (*build*) are for the host: some Linux machine.
    """
    if not platform.startswith("cfg("):
        return "-linux-" in platform if build else platform == target.triple
    known = _known(target)
    if build:
        known = {name: known[name] for name in ("target_os", "target_family")}
    return _holds(platform, known) is not False


def _known(target: Target) -> dict[str, str]:
    arch, _, rest = target.triple.partition("-")
    return {
        "target_os": "linux",
        "target_family": "unix",
        "target_vendor": rest.partition("-")[0],
        "target_arch": {"i686": "x86", "powerpc64le": "powerpc64", "riscv64gc": "riscv64", "mipsel": "mips"}.get(
            arch, "mips64" if arch == "mips64el" else "arm" if arch.startswith(("arm", "thumb")) else arch
        ),
        "target_env": "musl" if target.libc == "musl" else "gnu",
        "target_endian": target.endian,
        "target_pointer_width": str(target.bits),
        "target_abi": next((abi for abi in ("eabihf", "eabi", "abi64") if target.triple.endswith(abi)), ""),
    }


def _holds(expression: str, known: Mapping[str, str]) -> bool | None:
    """Return whether *expression* is true if all of *known* are; None if unknown."""
    tokens = _cfg_tokens(expression)
    position = 0

    def parse() -> bool | None:
        nonlocal position
        name = tokens[position] if position < len(tokens) else ""
        position += 1
        following = tokens[position] if position < len(tokens) else ""
        if following == "(" and name in ("cfg", "all", "any", "not"):
            position += 1
            values: list[bool | None] = []
            while position < len(tokens) and tokens[position] != ")":
                values.append(parse())
                if position < len(tokens) and tokens[position] == ",":
                    position += 1
            position += 1
            decides = name == "any"  # one such value is enough; otherwise one that is unknown leaves it open
            if name == "not":
                return None if None in values else not any(values)
            return decides if decides in values else None if None in values else not decides
        if following == "=":
            value = tokens[position + 1] if position + 1 < len(tokens) else ""
            position += 2
            return known[name] == value.strip('"') if name in known else None
        return {"unix": True, "windows": False, "true": True, "false": False}.get(name)

    return parse()


def _cfg_tokens(expression: str) -> list[str]:
    tokens, word, quoted = [], "", False
    for char in expression[:512]:
        if char == '"':
            quoted = not quoted
        elif not quoted and (char in "(),=" or char.isspace()):
            if word:
                tokens.append(word)
                word = ""
            if not char.isspace():
                tokens.append(char)
        else:
            word += char
    return [*tokens, word] if word else tokens
