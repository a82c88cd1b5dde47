"""The renewal of a certificate as its holder reads it: on the course page, at home and on the certificate (spec/certificates E3)."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from enrolments.queries.renewals import OwnRenewal
from kernel.i18n import _, choose, format_date


@dataclass(frozen=True, slots=True)
class RenewalView:
    """A course to take again: its title, a sentence that says why and since when, and where it begins; no address before that."""

    title: str
    words: str
    url: str


def renewal_view(own: OwnRenewal, now: datetime) -> RenewalView:
    """Return how a certificate is renewed, now or from a later day on."""
    until, opens = format_date(own.valid_until), format_date(own.opens_on)
    if own.is_ended(now):
        sentence = _("Your certificate was valid until %(day)s. Take the course again to obtain another one.", day=until)
    elif own.is_open(now):
        sentence = _("Your certificate is valid until %(day)s. Take the course again to renew it.", day=until)
    else:
        sentence = _(
            "Your certificate is valid until %(day)s. From %(opens)s you can take the course again to renew it.", day=until, opens=opens
        )
    return RenewalView(choose(own.titles), sentence, renewal_url(own.slug) if own.is_open(now) else "")


def required_renewal(slug: str) -> RenewalView:
    """Return that a compulsory training asks for a course again."""
    return RenewalView("", _("A compulsory training asks you to take this course again."), renewal_url(slug))


def renewal_url(slug: str) -> str:
    """Return where a course is taken again."""
    return url_for("compliance_renewals.renew", slug=slug)
