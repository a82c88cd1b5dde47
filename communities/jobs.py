"""Background work of communities: the mails of invitations, what is searched, and what each day asks for."""

from typing import Any

from communities import copies, files, invitations, life, members, search
from communities.copies import CopySource
from communities.models import CommunityExport
from kernel import mail
from kernel.files import files_of
from kernel.outbox import Delivery
from kernel.prepared_files import end_prepared


def send_invitation(delivery: Delivery) -> None:
    """Send the link of an invitation. Its secret is made here, so that no row of a job ever holds it."""
    with delivery.database.unit_of_work() as session:
        to_send = invitations.get_to_send(session, delivery.number("invitation"), now=delivery.now)
        if to_send is None:
            return
        row, community = to_send
        mailed_at = delivery.now if delivery.settings.sends_mail else None  # else the message waits in a folder that others read
        secret = invitations.make_link(session, row, mailed_at=mailed_at)
        values: dict[str, Any] = {"name": row.name or row.email, "community": community.name, "added": row.added_text.split("\n")}
        to, language = row.email, row.language
    key, path = f"job-{delivery.job_id}", f"/communities/invitations/{secret}"
    message = mail.write(delivery.settings, to, "community_invitation", language, key=key, path=path, **values)
    mail.dispatch(delivery, message)


def export(delivery: Delivery) -> None:
    """Pack the copy of a community that somebody asked for."""
    source = CopySource(delivery.database, files_of(delivery.settings), delivery.settings.public_url)
    copies.pack(source, delivery.number("export"), now=delivery.now)


def end_exports(delivery: Delivery) -> None:
    """Delete the contents of copies that were ready for long enough."""
    end_prepared(delivery.database, files_of(delivery.settings), CommunityExport, now=delivery.now)


def delete_portion(delivery: Delivery) -> None:
    """Delete a community with its working groups, each portion in a transaction of its own; what was begun goes on after a kill."""
    _delete(delivery, delivery.number("community"))


def _delete(delivery: Delivery, number: int | None = None) -> None:
    with delivery.database.unit_of_work(write=False) as session:
        numbers = life.list_deleted(session, number)
    for community in numbers:
        of_it = CommunityExport.sha256.is_not(None) & (CommunityExport.community_id == community)
        end_prepared(delivery.database, files_of(delivery.settings), CommunityExport, also=of_it, now=delivery.now)
        more = True
        while more:
            with delivery.database.unit_of_work() as session:
                more = life.delete_portion(session, community, now=delivery.now)


def care(delivery: Delivery) -> None:
    """Care for each community in a transaction of its own, and let go what was deleted; done twice on a day nobody is notified twice."""
    after = 0
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            numbers = life.list_to_care_for(session, after)
        if not numbers:
            break
        for number in numbers:
            with delivery.database.unit_of_work() as session:
                life.care_for(session, number, now=delivery.now)
        after = numbers[-1]
    with delivery.database.unit_of_work() as session:
        members.forget_bans(session, now=delivery.now)
    more = True
    while more:
        with delivery.database.unit_of_work() as session:
            more = bool(files.let_go(session, now=delivery.now))
    _delete(delivery)


def index_item(delivery: Delivery) -> None:
    """Bring a community, a file or a page into the search as it is now; done twice it does nothing more."""
    name = next(iter(delivery.arguments))
    with delivery.database.unit_of_work(write=False) as session:
        made = search.make_entries(session, name, delivery.number(name))
    if made is not None:
        with delivery.database.unit_of_work() as session:
            search.write_entries(session, *made)
