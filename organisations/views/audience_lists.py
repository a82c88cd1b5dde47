"""Pages of lists of people that rules of audiences name: sent in, replaced as a whole, deleted where no rule names them."""

from flask import Blueprint, Response

from accounts import access_log
from accounts.privacy import PeopleListKind
from kernel import clock
from kernel.i18n import _, choose, language
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from organisations import audiences
from organisations.access import AudienceAction, AudienceContext
from organisations.audience_preview import count_listed, list_listed
from organisations.audiences import AudienceKeyConflict
from organisations.models import AudienceList
from organisations.rules.audience_leaves import ListLeaf
from organisations.training_scope import edited_institutions, get_audience_list_context, get_audiences_context
from organisations.views.audiences import AudienceListForm, chosen_institution, offered_institutions

bp = Blueprint("organisations_audience_lists", __name__, url_prefix="/administration/audience-lists")

SHOWN_LINES, ROWS = 10, 50
RATE = limit("audience-lists", "60 per hour")


@bp.get("")
@requires(AudienceAction.EDIT, get_audiences_context)
def lists(subject: AudienceContext) -> Answer:
    """List the lists of people, with the form of another."""
    return _page(_offered(AudienceListForm(formdata=None), subject), subject)


def _offered(form: AudienceListForm, subject: AudienceContext) -> AudienceListForm:
    form.offer(offered_institutions(subject))
    return form


def _page(form: AudienceListForm, subject: AudienceContext) -> Response:
    own = edited_institutions(subject.scope, subject.places)
    return page("organisations/audience_lists.html", form=form, rows=audiences.list_audience_lists(current_session(), own))


@bp.post("")
@requires(AudienceAction.EDIT, get_audiences_context)
def save(subject: AudienceContext) -> Answer:
    """Let a list hold the people of the form; what a line does not name alone is refused with its line.

    One person stands on a line.
    """
    form, session = _offered(AudienceListForm(), subject), current_session()
    if form.validate_on_submit():
        limiter().use(RATE, str(current_actor().person_id))
        institution = chosen_institution(form)
        lines = form.lines()
        named = audiences.find_listed_people(session, institution.id, lines)
        unclear = [line for line in lines if len(named.get(line, ())) != 1]
        if unclear or not lines:
            line_numbers = ", ".join(unclear[:SHOWN_LINES])
            form.refuse(
                form.people,
                _("These do not name exactly one person: %(lines)s.", lines=line_numbers) if unclear else _("List at least one person."),
            )
            return _page(form, subject)
        people = {person for line in lines for person in named[line]}
        with form.refusals(form.key, AudienceKeyConflict):
            row = audiences.set_list(
                session, current_actor(), institution, form.key.data or "", {language(): form.title.data or ""}, people, now=clock.now()
            )
            return see_page("organisations_audience_lists.lists", flash=_("“%(name)s” was saved.", name=choose(row.title)))
    return _page(form, subject)


@bp.get("/<uuid:people_list>")
@requires(AudienceAction.EDIT, get_audience_list_context)
def people(subject: AudienceContext) -> Answer:
    """Show who stands on a list, and the rules that name it."""
    row, session, requested = subject.people_list, current_session(), requested_page(ROWS)
    assert row is not None
    access_log.record_list_access(PeopleListKind.AUDIENCE, AudienceList, row.id)
    query = requested_words()
    listed = list_listed(session, row, query, offset=requested.offset, limit=ROWS + 1)
    return page(
        "organisations/audience_list.html",
        people_list=row,
        title=choose(row.title),
        count=count_listed(session, row),
        page=requested.of(listed),
        words=query,
        rules=[(listed, choose(listed.title)) for listed in audiences.list_naming(session, ListLeaf.kind, [row.key])],
    )


@bp.post("/<uuid:people_list>/deletion")
@requires(AudienceAction.EDIT, get_audience_list_context)
def delete(subject: AudienceContext) -> Answer:
    """Delete a list that no rule names."""
    assert subject.people_list is not None
    audiences.delete_list(current_session(), current_actor(), subject.people_list, now=clock.now())
    return see_page("organisations_audience_lists.lists", flash=_("The list was deleted."))
