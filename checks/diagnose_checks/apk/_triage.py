"""Recognises the groups of packages that ``apk add --virtual`` makes, for several checks."""

#: A group is called as the user says, with the time: ``.build-deps-20240305.101112``.
VIRTUAL = r"(?:\.[\w.-]{1,100}|[\w][\w.-]{0,100}?-20\d{6}\.\d{6})(?=\[)"
