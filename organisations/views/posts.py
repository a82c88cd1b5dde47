"""Pages of posts: another name, and merging one into another."""

from uuid import UUID

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms.validators import Optional

from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _, choose, lazy_, number
from kernel.permissions import Actor
from kernel.web.forms import Form, WholeField, line
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page
from organisations import posts as organisations_posts
from organisations.access import OrganisationAction
from organisations.audience_preview import name_some
from organisations.audiences import today_of
from organisations.models import Post
from organisations.posts import get_post, post_key
from organisations.rules.units import NUMBER_ABOVE


class PostNameForm(Form):
    """Name of a post."""

    name = line(lazy_("Name"), most=150, required=lazy_("Give it a name."))


class PostMergeForm(Form):
    """The post that another one becomes, by its name."""

    into = line(lazy_("Merge into"), most=150, required=lazy_("Enter the name of another post."))


class PostMergeConfirmationForm(Form):
    """The number that confirms a merge which changes what was required of many."""

    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)


bp = Blueprint("organisations_posts", __name__, url_prefix="/administration/posts")

ROWS = 50


@bp.get("")
@requires(OrganisationAction.MANAGE)
def posts() -> Answer:
    """List the posts with how many people have each, and how many rules name it."""
    requested, query = requested_page(ROWS), _words("q")
    rows = organisations_posts.list_posts(current_session(), post_key(query), offset=requested.offset, limit=ROWS + 1)
    institutions = len({row.institution for row in rows})
    spellings = organisations_posts.list_spellings(current_session(), [row.Post.id for row in rows])
    return page("organisations/posts.html", page=requested.of(rows), words=query, institutions=institutions, spellings=spellings)


def _words(name: str) -> str:
    return " ".join(request.args.get(name, "").split())[:150]


@bp.get("/<uuid:post>")
@requires(OrganisationAction.MANAGE, get_post)
def post(subject: Post) -> Answer:
    """Show a post: how it was written, the rules that name it, and the forms that rename and merge it."""
    return _page(subject)


def _page(subject: Post, name_form: PostNameForm | None = None, merge_form: PostMergeForm | None = None) -> Response:
    session = current_session()
    return page(
        "organisations/post.html",
        post=subject,
        people=organisations_posts.count_people(session, [subject.id])[subject.id],
        spellings=organisations_posts.list_spellings(session, [subject.id])[subject.id],
        rules=[(row, choose(row.title)) for row in organisations_posts.list_rules_naming(session, [subject.id])],
        others=[name for name in organisations_posts.list_names(session, subject.institution_id) if name != subject.name],
        name_form=name_form or PostNameForm(formdata=None, data={"name": subject.name}),
        merge_form=merge_form or PostMergeForm(formdata=None),
        refused=name_form or merge_form,
    )


@bp.post("/<uuid:post>/name")
@requires(OrganisationAction.MANAGE, get_post)
def rename(subject: Post) -> Answer:
    """Give a post another name; the rules that name it go on naming it."""
    form = PostNameForm()
    if form.validate_on_submit():
        with form.refusals(form.name, Conflict):
            organisations_posts.rename_post(current_session(), current_actor(), subject, form.name.data or "", now=clock.now())
            return see_page("organisations_posts.post", post=subject.uuid, flash=_("The name is saved."))
    return _page(subject, form)


@bp.get("/<uuid:post>/merging")
@requires(OrganisationAction.MANAGE, get_post)
def preview_merge(subject: Post) -> Answer:
    """Show what would change if this post became another one."""
    session, name = current_session(), _words("into")
    form = PostMergeForm(formdata=None, data={"into": name})
    remaining = organisations_posts.find_post_written(session, subject.institution_id, post_key(name))
    if remaining is None or remaining.id == subject.id:
        form.refuse(form.into, _("Choose another post of the same institution."))
        return _page(subject, None, form)
    return _merge_page(subject, remaining, PostMergeConfirmationForm(formdata=None))


def _merge_page(gone: Post, remaining: Post, form: PostMergeConfirmationForm) -> Response:
    session = current_session()
    preview = organisations_posts.preview_merge(session, gone, remaining, today_of(clock.now()))
    return page(
        "organisations/post_merge.html",
        post=gone,
        kept=remaining,
        preview=preview,
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
    people = len(organisations_posts.preview_merge(session, gone, remaining, today_of(now)).rewritten)
    typed = form.number.number if form.validate_on_submit() else None
    if people > NUMBER_ABOVE and typed != people:
        form.refuse(form.number, _("Type the number %(number)s to confirm.", number=number(people)))
        return _merge_page(gone, remaining, form)
    organisations_posts.merge_posts(session, current_actor(), gone, remaining, rewritten=people, now=now)
    flash(_("“%(gone)s” is now “%(kept)s”.", gone=name, kept=remaining.name), "ok")
    return see_page("organisations_posts.post", post=remaining.uuid)
