"""Notices about identity providers to administrators, and about links to their holders."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.passwords import NOBODYS
from accounts.people import has_role_condition
from accounts.rules import NoticeKind
from federation.models import ExternalIdentity, IdentityProvider
from kernel.errors import N_
from kernel.i18n import _, choose, in_every_language, site_day
from kernel.permissions import SiteRole

LINK_NOTICE = NoticeKind(
    "link",
    label=N_("Links of my account with institutions"),
    hint=N_("Your account is linked with an institution, or a link is removed."),
    icon="key-round",
    group=N_("My account"),
)
PROVIDER_NOTICE = NoticeKind(
    "provider",
    label=N_("Sign-in by institutions"),
    hint=N_("An institution’s sign-in needs an administrator: keys, groups, addresses or accounts that do not fit."),
    icon="key-round",
    concerns=lambda actor: actor.is_administrator,
    group=N_("Administration"),
)


def name_of(provider: IdentityProvider) -> str:
    """Return the name of a provider for the button, in the reader's language."""
    return choose(provider.names)


def notify_administrators(
    session: Session, provider: IdentityProvider, what: str, text: Callable[[], str], *, is_lasting: bool = False, now: datetime
) -> None:
    """Notify the administrators of the site of something about a provider, once a day for each kind of thing, or once where it lasts."""
    key = f"provider:{provider.id}:{what}:{'' if is_lasting else site_day(now).isoformat()}"[:120]
    people = list(session.scalars(select(Person.id).where(has_role_condition(SiteRole.ADMINISTRATOR), Person.suspended_at.is_(None))))
    subject = in_every_language(lambda: _("Sign-in by %(institution)s", institution=name_of(provider)))
    message = Message(PROVIDER_NOTICE, key, subject, in_every_language(text), f"/administration/providers/{provider.key}")
    notices.notify(session, message, people, now=now)


def notify_holder(
    session: Session, provider: IdentityProvider, link: ExternalIdentity, holder: Person, *, is_linked: bool, now: datetime
) -> None:
    """Notify a person that their account was linked with an institution, or that the link was removed."""

    def subject() -> str:
        facts = {"institution": name_of(provider)}
        return (
            _("Your account is linked with %(institution)s", **facts)
            if is_linked
            else _("The link with %(institution)s was removed", **facts)
        )

    def words() -> str:
        if is_linked and holder.password_hash == NOBODYS:
            return _(
                "From now on you can sign in with its button. If it was not you, write to us, and an administrator removes the link: "
                "you can remove it yourself only with a password of this site."
            )
        if is_linked:
            return _("From now on you can sign in with its button. If it was not you, remove the link in “My account” and write to us.")
        return _("That account there no longer leads into yours, and the sessions that it began have ended.")

    key = f"link:{link.id}:{'made' if is_linked else 'removed'}"
    message = Message(LINK_NOTICE, key, in_every_language(subject), in_every_language(words), "/profile/institutions")
    notices.notify(session, message, [holder.id], now=now)
