"""The register of certificates in the log of a course."""

from collections.abc import Callable, Mapping

from certificates.services.register import RegisterVerb
from courses.log import LogEntry, LogPart
from kernel.i18n import _

_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RegisterVerb.EXPORTED: lambda entry: _("Downloaded the register of certificates: %(what)s", what=entry.facts.get("what", "")),
}
LOG = LogPart(lambda _course_id: (), _SENTENCES)
