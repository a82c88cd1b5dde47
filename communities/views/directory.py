"""Pages of the directory of specialists: the list, an entry, one's own, a message by the site, and an end to messages."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectMultipleField, widgets
from wtforms.validators import InputRequired

from communities import directory
from communities.access import DirectoryAction, DirectoryContext
from communities.directory import COUNTRIES, LANGUAGES, MOST_SUBJECTS, DirectoryQuery, DirectoryValues, WroteEnough
from communities.models import DirectoryEntry, MarkKind
from kernel import clock, mail
from kernel.i18n import _, country_name, language_name, lazy_
from kernel.web.forms import Form, area, whole_number
from kernel.web.headers import hide_address
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    public,
    release_connection,
    requires,
    secrets_of_app,
    see_page,
)
from kernel.web.table import read_words, requested_page

directory_bp = Blueprint("communities_directory", __name__)

LISTED = 24
PATIENCE = 10.0
"""Seconds for the mail server to take a message."""


def names_of(kind: MarkKind, codes: Any) -> list[tuple[str, str]]:
    """Return codes with their names in the reader's language, by name."""
    naming = {MarkKind.COUNTRY: country_name, MarkKind.LANGUAGE: language_name}.get(kind, str)
    return sorted(((code, naming(code)) for code in codes), key=lambda pair: pair[1].casefold())


def boxes(label: str, kind: MarkKind, codes: Sequence[str]) -> SelectMultipleField:
    """Return a field of boxes, named in the reader's language."""
    return SelectMultipleField(
        label, choices=lambda: names_of(kind, codes), option_widget=widgets.CheckboxInput(), widget=widgets.ListWidget(), default=()
    )


class DirectoryEntryForm(Form):
    """One's own entry."""

    text = area(lazy_("A line about yourself"), most=500, required=lazy_("Write what you work on."))
    subjects = area(lazy_("Subjects, one a line, five at most"), most=400)
    countries = boxes(lazy_("Countries"), MarkKind.COUNTRY, COUNTRIES)
    languages = boxes(lazy_("Languages"), MarkKind.LANGUAGE, LANGUAGES)
    shows_institution = BooleanField(lazy_("Show my institution"))
    contact = BooleanField(lazy_("Others may write to me by this site, which does not show my address"))
    consent = BooleanField(
        lazy_("I want to be in the directory: people with an account on this site see my name and what I enter here"),
        [InputRequired(lazy_("Tick the box, or leave the page: being in the directory is your own choice."))],
    )

    def validate_subjects(self, _field: object) -> None:
        """Refuse too many subjects, or too long ones."""
        if len(self.list_subjects()) > MOST_SUBJECTS or any(len(subject) > 60 for subject in self.list_subjects()):
            self.refuse(self.subjects, _("Enter five subjects at most, each of at most 60 characters."))

    def list_subjects(self) -> list[str]:
        """Return the subjects as they are kept."""
        return list(dict.fromkeys(" ".join(line.split()) for line in (self.subjects.data or "").splitlines() if line.strip()))

    def values(self) -> DirectoryValues:
        """Return the entry."""
        countries, languages = self.countries.data or (), self.languages.data or ()
        marks = {MarkKind.SUBJECT: self.list_subjects(), MarkKind.COUNTRY: countries, MarkKind.LANGUAGE: languages}
        return DirectoryValues(self.text.data or "", bool(self.shows_institution.data), bool(self.contact.data), marks)


@directory_bp.get("/directory")
@requires(DirectoryAction.COUNT)
def entry_list() -> Answer:
    """List the specialists by name, to people who are signed in; strangers read how many there are."""
    session, actor = current_session(), current_actor()
    count = directory.count_entries(session)
    if actor.is_anonymous:
        nothing: dict[str, Any] = {"page": None, "query": None, "choices": {}, "institutions": (), "marks": {}}
        return page("communities/directory.html", count=count, has_entry=False, **nothing)
    requested, args = requested_page(LISTED), request.args
    marks = {kind: code for kind in MarkKind if (code := read_words(args.get(kind.value, "")))}
    query = DirectoryQuery(read_words(args.get("name", "")), marks, whole_number(args.get("institution", "")) or None)
    listed = requested.of(directory.list_entries(session, query, offset=requested.offset, limit=requested.size + 1))
    choices = {kind.value: names_of(kind, directory.list_codes(session, kind)) for kind in MarkKind}
    return page(
        "communities/directory.html",
        page=listed,
        count=count,
        query=query,
        choices=choices,
        institutions=directory.list_institution_choices(session),
        marks=_named(session, [row.DirectoryEntry.id for row in listed.rows]),
        has_entry=directory.find_own(session, actor) is not None,
    )


def _named(session: Session, entries: list[int]) -> dict[int, list[str]]:
    """Return the marks of entries in words: subjects, countries, languages."""
    of_entries = directory.list_marks(session, entries)
    return {
        number: [name for kind in MarkKind for _code, name in names_of(kind, marks[kind.value])] for number, marks in of_entries.items()
    }


@directory_bp.get("/directory/<uuid:entry>")
@requires(DirectoryAction.VIEW, directory.get_entry)
def entry(context: DirectoryContext) -> Answer:
    """Show an entry."""
    session, row = current_session(), context.entry
    places = directory.list_institutions(session, [row.person_id]).get(row.person_id, ()) if row.shows_institution else ()
    marks = _named(session, [row.id])[row.id]
    return page("communities/directory_entry.html", context=context, marks=marks, places=places, sends_mail=current_settings().sends_mail)


class DirectoryMessageForm(Form):
    """A message to a specialist."""

    text = area(lazy_("Message"), most=1_000, required=lazy_("Write a message."))
    consent = BooleanField(
        lazy_("My name and my address go with it, so that I get an answer"),
        [InputRequired(lazy_("Without your address no one can answer you: tick the box."))],
    )


@directory_bp.route("/directory/<uuid:entry>/contact", methods=["GET", "POST"])
@requires(DirectoryAction.CONTACT, directory.get_entry, reads_first=True)
def contact(context: DirectoryContext) -> Answer:
    """Write to a specialist: the site sends one mail, and keeps nothing of the text."""
    form, actor, settings, now = DirectoryMessageForm(), current_actor(), current_settings(), clock.now()
    if form.validate_on_submit():
        with form.refusals(None, WroteEnough):
            directory.require_message_left(current_session(), actor, now=now)
            to, token = context.person, directory.stop_token(secrets_of_app()[0], context.entry)
            key, path = f"directory-{actor.person_id}-{int(now.timestamp() * 1000)}", url_for("communities_directory.entry_list")
            url = settings.public_url + url_for("communities_directory.stop", token=token)
            values: dict[str, Any] = {"name": to.given_names, "writer": actor.name, "added": (form.text.data or "").splitlines()}
            values |= {"reply_to": actor.email, "stop_contact_url": url}
            message = mail.write(settings, to.email, "directory_message", to.language, key=key, path=path, **values)
            release_connection()
            problem = mail.try_server(settings, message, patience=PATIENCE) if settings.sends_mail else _("This site does not send email.")
            if not problem:
                directory.note_contact(begin_writing(), actor, context.entry, now=now)
                return see_page("communities_directory.entry", entry=context.entry.uuid, flash=_("Your message was sent."))
            form.refuse(form.text, _("The message could not be sent. Your text is still here: try again later."))
    return page("communities/directory_contact.html", context=context, form=form)


@directory_bp.route("/directory/stop/<token>", methods=["GET", "POST"])
@public("the signed address in the mail decides; it only ends messages")
def stop(token: str) -> Answer:
    """End the messages of the directory to the reader of a mail, who need not be signed in."""
    hide_address()
    person = directory.read_stop(secrets_of_app(), token)
    state = "unknown" if person is None else "ask" if is_read_only_request() else "done"
    if person is not None and state == "done":
        directory.stop_contact(current_session(), current_actor(), person, now=clock.now())
    return page("communities/directory_stop.html", state=state, token=token), 200 if person else 404


@directory_bp.route("/profile/directory", methods=["GET", "POST"])
@requires(DirectoryAction.EDIT_OWN)
def own_entry() -> Answer:
    """Enter the directory, change one's entry, or leave."""
    session, actor = current_session(), current_actor()
    row = directory.find_own(session, actor)
    if request.form.get("act") == "withdraw":
        left = directory.withdraw(session, actor, now=clock.now())
        message = _("You are no longer in the directory.") if left else _("You are not in the directory.")
        return see_page("communities_directory.entry_list", flash=message)
    form = DirectoryEntryForm(obj=row, **_marks_of(session, row))
    if form.validate_on_submit():
        saved = directory.save_entry(session, actor, form.values(), now=clock.now())
        return see_page("communities_directory.entry", entry=saved.uuid, flash=_("Saved."))
    return page("communities/directory_own.html", form=form, entry=row)


def _marks_of(session: Session, row: DirectoryEntry | None) -> dict[str, Any]:
    """Return the values that the form shows of an entry beside its own columns."""
    if row is None:
        return {}
    marks = directory.list_marks(session, [row.id])[row.id]
    subjects, countries, languages = (marks[kind.value] for kind in (MarkKind.SUBJECT, MarkKind.COUNTRY, MarkKind.LANGUAGE))
    return {"subjects": "\n".join(subjects), "countries": countries, "languages": languages, "consent": True}
