"""Permissions of the application's own pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.audit import Verb
from kernel.errors import N_
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, open_to_strangers, signed_in
from organisations.access import AUDITORS


class SiteAction(StrEnum):
    """Acts on pages that look at more than one domain."""

    LEARN = "home:view"
    TEACH = "teaching:list"
    ADMINISTER = "administration:view"
    VIEW_AUDIT = "audit_log:view"
    MEASURE = "metrics:view"


class SiteVerb(
    Verb,
    facts={
        "faults": N_("Faults"),
        "seals": N_("Seals"),
    },
):
    """The audit-log verbs of the application's own acts."""

    JOBS_RETRIED = "jobs.retried", N_("Retried background jobs")
    AUDIT_VERIFIED = "audit.verified", N_("Verified the audit log")


@dataclass(frozen=True, slots=True)
class MetricsOrigin:
    """The origin of a request for the metrics."""

    is_near: bool


@open_to_strangers
def _may_measure(actor: Actor, subject: MetricsOrigin) -> Verdict:
    """Allow administrators, and requests from an address in the settings; for others the page does not exist (spec/security 1.3, 8.4)."""
    return allow_if(subject.is_near or actor.is_administrator, Verdict.HIDE)


def _view_audit(actor: Actor, _subject: object) -> Verdict:
    """Administrators read the audit log, auditors that of their places; to others it does not exist (spec/security 1.3, compulsory 16)."""
    return allow_if(actor.is_administrator or actor.is_auditor, Verdict.HIDE)


PERMISSIONS: Mapping[StrEnum, Permission] = {
    SiteAction.LEARN: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    SiteAction.TEACH: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    SiteAction.ADMINISTER: Permission(administrator, {"any": Roles.ADMINISTRATORS}),
    SiteAction.MEASURE: Permission(
        _may_measure,
        {"from_afar": Roles.ADMINISTRATORS.hidden.because("figures are for administrators and for the addresses that the operator names")},
    ),
    SiteAction.VIEW_AUDIT: Permission(
        _view_audit, {"any": Roles.ADMINISTRATORS.hidden, "of_the_places": (AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}
    ),
}
