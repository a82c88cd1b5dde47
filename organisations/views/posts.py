"""Posts for administrators: how they are written, how many people have them, which rules name them; renamed, and merged after a preview."""

from uuid import UUID

from flask import Blueprint, flash, render_template, request
from sqlalchemy.orm import Session

from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _, choose, number
from kernel.permissions import Actor
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from organisations.forms.posts import PostMergeConfirmationForm, PostMergeForm, PostNameForm
from organisations.models import Post
from organisations.permissions import OrganisationAction
from organisations.queries import posts as queries
from organisations.queries.past_days import name_some
from organisations.queries.posts import get_post
from organisations.rules import NUMBER_ABOVE
from organisations.services import posts as services
from organisations.services.audiences import today_of
from organisations.services.posts import post_key

bp = Blueprint("organisations_posts", __name__, url_prefix="/administration/posts")

ROWS = 50


@bp.get("")
@requires(OrganisationAction.MANAGE)
def posts() -> Answer:
    """List the posts with how many people have each, and how many rules name it."""
    requested, query = requested_page(ROWS), _words("q")
    rows = queries.list_posts(current_session(), post_key(query), offset=requested.offset, limit=ROWS + 1)
    page = Page(rows[:ROWS], requested.number, len(rows) > ROWS)
    return render_template("organisations/posts.html", page=page, words=query, institutions=len({row.institution for row in rows}))


def _words(name: str) -> str:
    return " ".join(request.args.get(name, "").split())[:150]


@bp.get("/<uuid:post>")
@requires(OrganisationAction.MANAGE, get_post)
def post(subject: Post) -> Answer:
    """Show a post: how it was written, the rules that name it, and the forms that rename and merge it."""
    return _page(subject)


def _page(subject: Post, name_form: PostNameForm | None = None, merge_form: PostMergeForm | None = None) -> str:
    session = current_session()
    return render_template(
        "organisations/post.html",
        post=subject,
        people=queries.count_people(session, [subject.id])[subject.id],
        spellings=[spelling for spelling in queries.list_spellings(session, [subject.id])[subject.id] if spelling != subject.name],
        rules=[(row, choose(row.title)) for row in queries.list_rules_naming(session, [subject.id])],
        others=[name for name in queries.list_names(session, subject.institution_id) if name != subject.name],
        name_form=name_form or PostNameForm(formdata=None, data={"name": subject.name}),
        merge_form=merge_form or PostMergeForm(formdata=None),
        refused=name_form or merge_form,
    )


@bp.post("/<uuid:post>/name")
@requires(OrganisationAction.MANAGE, get_post)
def rename(subject: Post) -> Answer:
    """Give a post another name; the rules that name it go on naming it."""
    form = PostNameForm()
    if not form.validate_on_post():
        return _page(subject, form), 422
    try:
        services.rename_post(current_session(), current_actor(), subject, form.name.data or "", now=clock.now())
    except Conflict as refused:
        form.refuse(form.name, _(refused.text))
        return _page(subject, form), 422
    flash(_("The name is saved."), "ok")
    return see_page("organisations_posts.post", post=subject.uuid)


@bp.get("/<uuid:post>/merging")
@requires(OrganisationAction.MANAGE, get_post)
def preview_merge(subject: Post) -> Answer:
    """Show what would change if this post became another one."""
    session, name = current_session(), _words("into")
    form = PostMergeForm(formdata=None, data={"into": name})
    remaining = queries.find_post_written(session, subject.institution_id, post_key(name))
    if remaining is None or remaining.id == subject.id:
        form.refuse(form.into, _("Choose another post of the same institution."))
        return _page(subject, None, form)
    return _merge_page(subject, remaining, PostMergeConfirmationForm(formdata=None))


def _merge_page(gone: Post, remaining: Post, form: PostMergeConfirmationForm) -> str:
    session = current_session()
    preview = queries.preview_merge(session, gone, remaining, today_of(clock.now()))
    return render_template(
        "organisations/post_merge.html",
        post=gone,
        kept=remaining,
        preview=preview,
        rules=[(rule, choose(rule.audience.title)) for rule in preview.rules],
        form=form,
        rewritten=name_some(session, preview.rewritten),
        asks_number=len(preview.rewritten) > NUMBER_ABOVE,
    )


def _pair(session: Session, actor: Actor, post: UUID, remaining: UUID) -> tuple[Post, Post]:
    return get_post(session, actor, post), get_post(session, actor, remaining)


@bp.post("/<uuid:post>/merging/<uuid:remaining>")
@requires(OrganisationAction.MANAGE, _pair)
def merge(subject: tuple[Post, Post]) -> Answer:
    """Make one post of two."""
    gone, remaining = subject
    name, form, session, now = gone.name, PostMergeConfirmationForm(), current_session(), clock.now()
    people = len(queries.preview_merge(session, gone, remaining, today_of(now)).rewritten)
    typed = form.number.number if form.validate_on_post() else None
    if people > NUMBER_ABOVE and typed != people:
        form.refuse(form.number, _("Type the number %(number)s to confirm.", number=number(people)))
        return _merge_page(gone, remaining, form), 422
    services.merge_posts(session, current_actor(), gone, remaining, rewritten=people, now=now)
    flash(_("“%(gone)s” is now “%(kept)s”.", gone=name, kept=remaining.name), "ok")
    return see_page("organisations_posts.post", post=remaining.uuid)
