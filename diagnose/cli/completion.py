"""Completion of the command line in shells: one static script each, made from the table of options.

The words that a shell offers are in the script, because starting the command at every press of the key would be slow.
So they are those of the moment when it was made, checks of plugins included.

Sources: bash(1), "Programmable Completion"; zshcompsys(1), "_arguments"; complete(1) of fish.
"""

from __future__ import annotations

from diagnose.cli import options
from diagnose.engine import registry
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.check import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES = ("FILE", "PATH...", "[PATH...]", "WHEEL...", "IMAGE", "OLD", "NEW")
_COMMANDS = ("diagnose", "crosslink-diagnose")


class _Offer(NamedTuple):
    """What a shell offers for a value: ``kind`` is ``files``, ``folders``, ``command``, ``list``, ``words`` or empty.

    A ``list`` is any number of *words* with commas between. ``name`` is that of the list of words in a script, in which
    no list stands twice.
    """

    kind: str = ""
    words: tuple[str, ...] = ()
    name: str = ""


def script(shell: str) -> str:
    """Return the script that completes the command in *shell*: ``bash``, ``zsh`` or ``fish``."""
    return _SHELLS[shell]()


def _offer(command: options.Subcommand, option: options.Option) -> _Offer:
    """Return what completes the value of *option* in *command*."""
    if option.choices:
        return _Offer("words", option.choices)
    if option.metavar in _FILES:
        return _Offer("files")
    if option.metavar == "DIR":
        return _Offer("folders")
    if option.metavar in ("TARGET", "[TARGET]"):
        return _Offer("words", tuple(sorted({name for row in targets.TARGETS for name in row.names})), "targets")
    if option.metavar in ("ID", "[ID]"):
        kind = {"run": "log", "compare": "wheel"}.get(command.name, command.name)
        checks = registry.load(kind) if kind in KINDS else registry.load()
        ids = tuple(sorted(check.id for check in checks))
        return _Offer("words" if option.positional else "list", ids, f"checks_{kind if kind in KINDS else 'all'}")
    return _Offer("command" if option.rest else "")


def _named(command: options.Subcommand) -> list[options.Option]:
    return [option for option in command.options if not option.positional]


def _place(command: options.Subcommand) -> tuple[options.Option, _Offer] | None:
    """Return the first argument of *command*, which stands for all of them, and what completes it."""
    return next(((option, _offer(command, option)) for option in command.options if option.positional), None)


def _lists() -> dict[str, tuple[str, ...]]:
    """Return the lists of words that have a name."""
    every = [_offer(command, option) for command in options.COMMANDS.values() for option in command.options]
    return {offer.name: offer.words for offer in every if offer.name}


def _spellings(option: options.Option) -> list[str]:
    return [option.short, option.name] if option.short else [option.name]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _bash() -> str:
    names = " ".join(options.COMMANDS)
    lines = [
        *_head("bash", 'eval "$(diagnose completion bash)"'),
        *(f"_diagnose_{name}={_quoted(' '.join(words))}" for name, words in _lists().items()),
        "",
        "_diagnose_add() {",
        "    local line",
        '    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")',
        "}",
        "",
        "_diagnose() {",
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags offer",
        "    local words= offset i",
        "    COMPREPLY=()",
        "    if (( COMP_CWORD == 1 )); then",
        f"        _diagnose_add -W '{names} --help --version -h -V' -- \"$cur\"",
        "        return",
        "    fi",
        "    # bash takes --option=value apart at the sign.",
        '    if [[ $cur == "=" ]]; then cur=; else [[ $prev == "=" ]] && prev=${COMP_WORDS[COMP_CWORD-2]}; fi',
        '    if [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" && $prev != -* ]]; then  # FORMAT=FILE',
        "        compopt -o filenames 2>/dev/null",
        '        _diagnose_add -f -- "$cur"',
        "        return",
        "    fi",
        "    case $command in",
    ]
    for command in options.COMMANDS.values():
        lines.append(f"    {command.name})")
        flags = [one for option in _named(command) for one in _spellings(option)]
        lines.append(f"        flags='{' '.join([*flags, '--help', '-h'])}'")
        if any(option.rest for option in command.options):
            valued = [one for option in _named(command) if not option.flag for one in _spellings(option)]
            lines += [
                "        for (( i = 2; i < COMP_CWORD; i++ )); do",
                "            case ${COMP_WORDS[i]} in",
                f"            {'|'.join(valued)}) (( i++ )); [[ ${{COMP_WORDS[i]}} == '=' ]] && (( i++ )) ;;",
                "            --) (( i++ )); break ;;",
                "            -*) ;;",
                "            *) break ;;",
                "            esac",
                "        done",
                "        if (( i < COMP_CWORD )); then",
                "            for offset in _comp_command_offset _command_offset; do  # in 2.12, and before",
                "                if declare -F $offset >/dev/null; then $offset $i; return; fi",
                "            done",
                "            compopt -o filenames 2>/dev/null",
                '            _diagnose_add -f -- "$cur"',
                "            return",
                "        fi",
            ]
        lines.append("        case $prev in")
        for option in _named(command):
            if not option.flag:
                offer = _offer(command, option)
                lines.append(f"        {'|'.join(_spellings(option))}) {_bash_offer(offer)} ;;")
        place = _place(command)
        lines += [f"        *) {_bash_offer(place[1] if place else _Offer())} ;;", "        esac", "        ;;"]
    lines += [
        "    *) return ;;",
        "    esac",
        "    case $offer in",
        '    files) compopt -o filenames 2>/dev/null; _diagnose_add -f -- "$cur" ;;',
        '    folders) compopt -o filenames 2>/dev/null; _diagnose_add -d -- "$cur" ;;',
        '    command) _diagnose_add -c -- "$cur" ;;',
        "    list)",
        "        [[ $cur == *,* ]] && i=${cur%,*}, || i=",
        '        _diagnose_add -P "$i" -W "$words" -- "${cur##*,}"',
        "        ;;",
        '    words) _diagnose_add -W "$words" -- "$cur" ;;',
        "    esac",
        '    if [[ $cur == -* ]]; then _diagnose_add -W "$flags" -- "$cur"; fi',
        "}",
        "",
        f"complete -F _diagnose {' '.join(_COMMANDS)}",
    ]
    return "\n".join(lines) + "\n"


def _bash_offer(offer: _Offer) -> str:
    words = f"$_diagnose_{offer.name}" if offer.name else _quoted(" ".join(offer.words))
    return f"offer={offer.kind}" + (f" words={words}" if offer.words else "")


def _head(shell: str, line: str) -> list[str]:
    return [f"# Completion of diagnose in {shell}, made by `diagnose completion {shell}`: {line}", ""]


def _zsh() -> str:
    lines = [f"#compdef {' '.join(_COMMANDS)}", *_head("zsh", "source <(diagnose completion zsh)")]
    for name, words in _lists().items():
        lines += [f"typeset -ga _diagnose_{name}", f"_diagnose_{name}=({' '.join(words)})"]
    lines.append("")
    for command in options.COMMANDS.values():
        lines += [f"_diagnose_{command.name}() {{", "    _arguments -s -S \\"]
        lines += [f"        {_zsh_option(command, option)} \\" for option in _named(command)]
        lines.append("        '(- *)'{-h,--help}'[Print the help and exit.]'" + (" \\" if _place(command) else ""))
        if place := _place(command):
            option, offer = place
            name = option.metavar.strip("[].")
            if option.rest:
                lines += [f"        '(-)1:{name}:_command_names -e' '*::{name}:_normal'", "}", ""]
                continue
            lines.append(f"        {_quoted(('*:' if option.many else '1:') + name + ':' + _zsh_action(offer))}")
        lines += ["}", ""]
    lines += [
        "_diagnose() {",
        "    local curcontext=$curcontext state line",
        "    local -a subcommands",
        "    subcommands=(",
        *(f"        {_quoted(f'{one.name}:{one.help}')}" for one in options.COMMANDS.values()),
        "    )",
        "    _arguments -C \\",
        "        '(- *)'{-V,--version}'[Print the version and exit.]' \\",
        "        '(- *)'{-h,--help}'[Print the help and exit.]' \\",
        "        '1:command:->command' '*::argument:->argument' && return",
        "    case $state in",
        "    command) _describe command subcommands ;;",
        "    argument)",
        "        curcontext=${curcontext%:*:*}:diagnose-$line[1]:",
        "        (( $+functions[_diagnose_$line[1]] )) && _diagnose_$line[1]",
        "        ;;",
        "    esac",
        "}",
        "",
        "if [[ $funcstack[1] == _diagnose ]]; then",
        '    _diagnose "$@"',
        "else",
        f"    compdef _diagnose {' '.join(_COMMANDS)}",
        "fi",
    ]
    return "\n".join(lines) + "\n"


def _zsh_option(command: options.Subcommand, option: options.Option) -> str:
    text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    spellings = _spellings(option)
    value = ""
    if not option.flag:
        spellings = [f"{one}{'=' if one.startswith('--') else '+'}" for one in spellings]
        action = _zsh_action(_offer(command, option))
        if option.into_file:
            action = f"{{compset -P '*=' && _files || compadd {' '.join(option.choices)}}}"
        value = f":{option.metavar or 'CHOICE'}:{action}"
    before = "*" if option.many else f"({' '.join(_spellings(option))})"
    if len(spellings) == 1:
        return _quoted(f"{before}{spellings[0]}[{text}]{value}")
    return f"{_quoted(before)}{{{','.join(spellings)}}}{_quoted(f'[{text}]{value}')}"


def _zsh_action(offer: _Offer) -> str:
    if offer.kind == "list":
        return f"_sequence compadd -a _diagnose_{offer.name}"
    if offer.name:
        return f"compadd -a _diagnose_{offer.name}"
    plain = {"files": "_files", "folders": "_files -/", "command": "_command_names -e", "": " "}
    return plain.get(offer.kind) or f"({' '.join(offer.words)})"


def _fish() -> str:
    lines = [
        *_head("fish", "diagnose completion fish | source"),
        *(f"set -g __diagnose_{name} {' '.join(words)}" for name, words in _lists().items()),
        "",
        "function __diagnose_is",
        "    set -l words (commandline -opc)",
        "    set -e words[1]",
        '    test "$words[1]" = "$argv[1]"',
        "end",
        "",
        "function __diagnose_list",  # words after the last comma
        "    set -l token (commandline -ct | string replace -r -- '^--[^=]*=' '')",
        "    set -l before (string replace -r -- '[^,]*$' '' \"$token\")",
        "    for word in $argv",
        '        echo "$before$word"',
        "    end",
        "end",
        "",
        "function __diagnose_starts",
        "    test (count (commandline -opc)) -eq 1",
        "end",
        "",
        "complete -c diagnose -f",
        "complete -c diagnose -n __diagnose_starts -s V -l version -d 'Print the version and exit.'",
        "complete -c diagnose -s h -l help -d 'Print the help and exit.'",
    ]
    for command in options.COMMANDS.values():
        lines.append(f"complete -c diagnose -n __diagnose_starts -a {command.name} -d {_fish_quoted(command.help)}")
        start = f"complete -c diagnose -n '__diagnose_is {command.name}'"
        for option in _named(command):
            short = f" -s {option.short[1:]}" if option.short else ""
            value = "" if option.flag else _fish_value(_offer(command, option))
            lines.append(f"{start}{short} -l {option.name[2:]}{value} -d {_fish_quoted(option.help)}")
        if place := _place(command):
            lines.append(f"{start}{_fish_value(place[1]).replace(' -r', '').replace(' -x', '')}")
    lines += [f"complete -c {other} -w diagnose" for other in _COMMANDS[1:]]
    return "\n".join(lines) + "\n"


def _fish_value(offer: _Offer) -> str:
    if offer.kind == "list":
        return f" -x -a '(__diagnose_list $__diagnose_{offer.name})'"
    if offer.name:
        return f" -x -a '$__diagnose_{offer.name}'"
    if offer.kind == "words":
        return f" -x -a {_fish_quoted(' '.join(offer.words))}"
    return {
        "files": " -r -F",
        "folders": " -x -a '(__fish_complete_directories)'",
        "command": " -x -a '(__fish_complete_subcommand --fcs-skip=2)'",
        "": " -x",
    }[offer.kind]


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
