"""Severity of each code of the draft check (spec/content-format 12); a code is never used for anything else."""

from courses.content.model import Severity

_INFORMATION = {"C114", "C116", "C320", "C602", "C611", "C702", "C704", "C903"}
_WARNINGS = {
    *("C107", "C109", "C213", "C218"),
    *("C303", "C310", "C312", "C314", "C316", "C317", "C319", "C321"),
    *("C402", "C407", "C411", "C413", "C414"),
    *("C502", "C506", "C508", "C515", "C517", "C522", "C607", "C701", "C703", "C807"),
    *("C901", "C902"),
}

STYLE = frozenset({"C303", "C316", "C402", "C411"})
"""Rules of the institution's style, which a course may switch off (`style_rules: false`); so is the one on objectives of modules."""


def severity(code: str) -> Severity:
    """Return the severity of a code; C109, C206, C208 and C305 have a second one, which their check gives itself.

    C902 is an error where the course would be published (`courses.publishing.check`).
    """
    if code in _INFORMATION:
        return Severity.INFORMATION
    return Severity.WARNING if code in _WARNINGS else Severity.ERROR
