"""Parses one ``.pc`` file: expands variables, prepends the sysroot to paths, splits fields.

Follows ``pkgconf_pkg_new_from_path``, ``pkgconf_pkg_parser_value_set`` (``libpkgconf/pkg.c``), ``pkgconf_tuple_parse``
(``tuple.c``) and ``pkgconf_fragment_munge`` (``fragment.c``) of pkgconf, by the :class:`Rules` of its release.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import pcfile
from diagnose.readers.pkgconfig.fragments import Words
from diagnose.readers.pkgconfig.pcfile import (
    Dependency,
    PcFile,
    Requirements,
    dependencies,
    fields,
    first_word,
    module_id,
    split,
)

if TYPE_CHECKING:
    from diagnose.readers.pkgconfig.rules import Rules

_WORDS = ("cflags", "cflags.private", "libs", "libs.private")
_NEEDS = ("requires", "requires.private", "conflicts", "provides")


class Expander:
    """Expands variables, with a budget that all files of one query share."""

    def __init__(self, rules: Rules, sysroot: str | None) -> None:
        self.rules = rules
        self.sysroot = sysroot
        self._visits = 0

    def expand(self, value: str, variables: dict[str, str], file: FileSysroot, depth: int = 0) -> str:
        """Return *value* with its variables expanded.

        Raises:
            InputError: it exceeds the budget.
        """
        self._visits += 1
        if self._visits > pcfile.VISIT_LIMIT:
            raise InputError("a variable of a .pc file expands without end")
        prefix = file.prefix(value) if file.prefixes else ""
        parts = [prefix]
        length, position = len(prefix), 0
        while length < pcfile.VALUE_LIMIT:
            start = value.find("${", position)
            literal = value[position:] if start < 0 else value[position:start]
            parts.append(literal)
            length += len(literal)
            if start < 0:
                break
            end = value.find("}", start)
            name = value[start + 2 :] if end < 0 else value[start + 2 : end]
            if name == "pc_sysrootdir":
                replacement = "/" if self.sysroot is None else self.sysroot
            elif name == "pc_top_builddir":
                replacement = "$(top_builddir)"
            elif depth > pcfile.DEPTH_LIMIT:
                raise InputError(f"variable {name} of a .pc file expands without end")
            else:
                replacement = self.expand(variables.get(name, ""), variables, file, depth + 1)
            parts.append(replacement)
            length += len(replacement)
            if end < 0:
                break
            position = end + 1
        whole = "".join(parts)[: pcfile.VALUE_LIMIT]
        return file.written_twice(whole)


class FileSysroot:
    """The sysroot for one file: ``used`` is prepended to its paths; None for a release that prepends later."""

    def __init__(self, rules: Rules, sysroot: str | None, folder: str, uninstalled: bool) -> None:
        outside = sysroot is not None and not folder.startswith(sysroot) and rules.outside_unprefixed
        exempt = uninstalled and rules.uninstalled_unprefixed
        self._rules = rules
        self._own = "" if outside else "/" if sysroot is None else sysroot
        self._rewrites = not rules.freedesktop and not (uninstalled and rules.outside_unprefixed and not rules.fdo)
        self._munges = not rules.freedesktop and not exempt
        self.used = sysroot
        self.prefixes = not rules.freedesktop and not rules.fdo and not exempt

    def enter_words(self) -> None:
        """Begin with the fields that contain flags."""
        self._outer = self.used
        if self._rules.outside_words:
            self.used = self._own

    def leave_words(self) -> None:
        """End the fields that contain flags."""
        self.used = self._outer

    def prefix(self, path: str) -> str:
        """Return the prefix of *path*."""
        return self.used if self.used and path.startswith("/") and not path.startswith(self.used) else ""

    def munge(self, path: str) -> str:
        """Return the path of a flag as it is stored."""
        if not path.startswith("/"):
            return path
        if self._munges:
            path = self.prefix(path) + path
        return squeeze(path) if self._rules.squeeze and not self._rules.freedesktop else path

    def written_twice(self, whole: str) -> str:
        """Remove one of two sysroots in *whole*: one comes from the file, the other from the program."""
        root = self._own if self._rules.outside_unprefixed else self.used
        if not self._rewrites or not whole.startswith("/") or root in (None, "/"):
            return whole
        assert root is not None
        if not root:  # 1.8 searches for the empty string, and finds it
            return squeeze(whole)
        return squeeze(whole[len(root) :]) if len(whole) > len(root) and root in whole[len(root) :] else whole


def squeeze(path: str) -> str:
    """Return *path* with one slash for several."""
    while "//" in path:
        path = path.replace("//", "/")
    return path


def parse(expander: Expander, path: str, folder: str, text: str, *, uninstalled: bool = False) -> PcFile | None:
    """Parse the file at *path*; None if it lacks a mandatory field.

    *folder* is the value of ``pcfiledir``. *uninstalled*: the file was searched for by its uninstalled name.

    Raises:
        InputError: its variables expand endlessly, or to more than the limit.
    """
    rules = expander.rules
    uninstalled = uninstalled and rules.outside_unprefixed
    identity = module_id(path, uninstalled)
    file = FileSysroot(rules, expander.sysroot, folder, uninstalled)
    variables = _Variables(expander, file, path)
    variables.define("pcfiledir", folder.replace(" ", "\\ "))
    words = {name: Words(rules, file.munge) for name in _WORDS}
    needs = {name: Requirements() for name in _NEEDS}
    single: dict[str, str] = {}
    for key, sign, value in fields(text):
        if sign == "=":
            variables.set(key, value)
            continue
        field = key.lower()
        if field in words:
            file.enter_words()
            words[field].add(split(variables.expand(value)) or ())
            file.leave_words()
        elif field == "requires.internal":
            for dependency in dependencies(variables.expand(value), internal=True, exact=rules.operator_exact):
                needs["requires.private"].add(dependency)
        elif field in needs:
            private = field == "requires.private" and rules.private_kind
            for dependency in dependencies(variables.expand(value), private=private, exact=rules.operator_exact):
                needs[field].add(dependency)
        elif field in ("name", "description", "version"):
            single[field] = variables.expand(value)
    if len(single) < 3:
        return None
    version = first_word(single["version"])
    return PcFile(
        path=path,
        id=identity,
        name=single["name"],
        version=version,
        variables=variables.values,
        cflags=words["cflags"].flags(),
        cflags_private=words["cflags.private"].flags(),
        libs=words["libs"].flags(),
        libs_private=words["libs.private"].flags(),
        requires=tuple(needs["requires"]),
        requires_private=tuple(needs["requires.private"]),
        conflicts=tuple(needs["conflicts"]),
        provides=(*needs["provides"], Dependency(identity, "=", version)),
        uninstalled=uninstalled,
    )


class _Variables:
    """The variables of one file."""

    def __init__(self, expander: Expander, file: FileSysroot, path: str) -> None:
        self.values: dict[str, str] = {}
        self._expander = expander
        self._file = file
        self._path = path
        self._size = 0
        self._prefixes: tuple[str, str] | None = None  # the file's prefix, and its replacement

    def expand(self, value: str) -> str:
        return self._expander.expand(value, self.values, self._file)

    def set(self, name: str, value: str) -> None:
        """Define a variable by its text in the file."""
        if not self._expander.rules.relocate:
            self.define(name, value)
            return
        plain = squeeze(value)
        if self._prefixes is not None and plain.startswith(self._prefixes[0]):
            self._keep(name, unquoted(self._prefixes[1] + plain[len(self._prefixes[0]) :]))
        elif name == "prefix" and (moved := prefix_of(self._path)) is not None:
            self.define("orig_prefix", plain)
            self._keep(name, unquoted(moved.replace(" ", "\\ ")))
            self._prefixes = (self.values["orig_prefix"], self.values[name])
        else:
            self.define(name, value)

    def define(self, name: str, value: str) -> None:
        """Define a variable, expanded."""
        self.values.pop(name, None)  # a variable cannot refer to its own former value
        self._keep(name, self.expand(unquoted(value)))

    def _keep(self, name: str, value: str) -> None:
        self.values[name] = value
        self._size += len(value)
        if self._size > pcfile.VARIABLES_LIMIT:
            limit = pcfile.VARIABLES_LIMIT >> 20
            raise InputError(f"{self._path}: its variables expand to more than {limit} MiB")


def unquoted(value: str) -> str:
    """Return the value of a variable without the kind of quote that it begins with."""
    if value[:1] not in ("'", '"'):
        return value
    quote = value[0]
    return value.replace("\\" + quote, "\0").replace(quote, "").replace("\0", quote)


def prefix_of(path: str) -> str | None:
    """Return the folder two above that of a file in a folder called ``pkgconfig``."""
    folder = squeeze(path).rpartition("/")[0]
    above, _, name = folder.rpartition("/")
    return above.rpartition("/")[0] if name == "pkgconfig" and "/" in above else None
