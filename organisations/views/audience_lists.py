"""Lists of people that rules of audiences name: sent in one person a line, replaced as a whole, deleted where no rule names them."""

from flask import Blueprint, Response, flash, render_template

from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, language
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor, current_session, requires, see_page
from organisations.forms.audiences import AudienceListForm
from organisations.models import AudienceList, Organisation
from organisations.permissions import AudienceAction
from organisations.queries import audiences as queries
from organisations.queries import tree
from organisations.queries.audiences import get_audience_list
from organisations.rules import OrganisationKind, in_order
from organisations.services import audiences as services
from organisations.services.audiences import AudienceKeyConflict

bp = Blueprint("organisations_audience_lists", __name__, url_prefix="/administration/audience-lists")

Answer = str | Response | tuple[str, int]
SHOWN_LINES = 10


@bp.get("")
@requires(AudienceAction.EDIT)
def lists() -> Answer:
    """List the lists of people, with the form of another."""
    return _page(_offered(AudienceListForm(formdata=None)))


def _offered(form: AudienceListForm) -> AudienceListForm:
    form.offer([one for one in in_order(tree.list_tree(current_session())) if one.place.kind is OrganisationKind.INSTITUTION])
    return form


def _page(form: AudienceListForm) -> str:
    rows = [(row, choose(row.title)) for row in queries.list_audience_lists(current_session())]
    return render_template("organisations/audience_lists.html", form=form, rows=rows)


@bp.post("")
@requires(AudienceAction.EDIT)
def save() -> Answer:
    """Let a list hold the people of the form; what a line does not name alone is refused with its line."""
    form, session = _offered(AudienceListForm()), current_session()
    institution = _institution(form)
    if not form.validate_on_post() or institution is None:
        return _page(form), 422
    lines = form.lines()
    named = queries.find_listed_people(session, institution.id, lines)
    unclear = [line for line in lines if len(named.get(line, ())) != 1]
    if unclear or not lines:
        words = ", ".join(unclear[:SHOWN_LINES])
        form.refuse(
            form.people, _("These do not name exactly one person: %(lines)s.", lines=words) if unclear else _("List at least one person.")
        )
        return _page(form), 422
    people = {person for line in lines for person in named[line]}
    try:
        row = services.set_list(
            session, current_actor(), institution, form.key.data or "", {language(): form.title.data or ""}, people, now=clock.now()
        )
    except AudienceKeyConflict as refused:
        form.refuse(form.key, _(refused.text))
        return _page(form), 422
    flash(_("“%(name)s” was saved.", name=choose(row.title)), "ok")
    return see_page("organisations_audience_lists.lists")


def _institution(form: AudienceListForm) -> Organisation | None:
    chosen = as_uuid(form.institution.data or "")
    try:
        return None if chosen is None else tree.get_organisation(current_session(), current_actor(), chosen)
    except NotFound:
        return None


@bp.post("/<uuid:people_list>/deletion")
@requires(AudienceAction.EDIT, get_audience_list)
def delete(subject: AudienceList) -> Answer:
    """Delete a list that no rule names."""
    services.delete_list(current_session(), current_actor(), subject, now=clock.now())
    flash(_("The list was deleted."), "ok")
    return see_page("organisations_audience_lists.lists")
