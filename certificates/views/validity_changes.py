"""The page that sets the validity of a course for certificates already issued."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, flash, request
from wtforms.validators import ValidationError

from accounts import access_log
from accounts.privacy import PeopleListKind
from certificates import validity_changes
from certificates.access import CertificateAction, ValidityContext
from certificates.credentials import today
from certificates.register import get_register
from certificates.validity_changes import MOST_UNTYPED, ChangedDay
from courses.editor import course_header
from courses.models import Course
from courses.rules import Outline
from enrolments.progress import length_in_words
from kernel import clock
from kernel.codes import printed_code
from kernel.i18n import _, lazy_
from kernel.web.forms import Form, LineField, as_uuid, line, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, is_read_only_request, page, requires, see_page


class ValidityForm(Form):
    """Why the certificates are replaced and, of many, how many they are."""

    reason = line(lazy_("Explanation"), most=500, required=lazy_("Explain the change. The certificate holders will see it."))
    count = LineField(lazy_("Number of certificates"))

    def __init__(self, *args: Any, counted: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted = counted
        self.asks_for_number = counted > MOST_UNTYPED

    def validate_count(self, field: LineField) -> None:
        """Ask for the number of certificates where there are many."""
        if self.asks_for_number and (field.data or "").replace(".", "").strip() != str(self.counted):
            raise ValidationError(_("Type the number of certificates: %(count)s.", count=self.counted))


bp = Blueprint("certificates_validity", __name__)

SHOWN = 20


@bp.route("/teaching/<slug>/certificates/validity", methods=["GET", "POST"])
@requires(CertificateAction.SET_VALIDITY, validity_changes.get_validity)
def change_validity(subject: ValidityContext) -> Answer:
    """Show which issued certificates would end on another day, or are to say what was passed, and replace them.

    Sent twice, it has one effect.
    """
    sentences = "sentences" in request.args
    session, actor = current_session(), current_actor()
    course = session.get_one(Course, subject.course.id)
    outline = validity_changes.find_published_outline(session, course.published_version_id)
    changes = validity_changes.list_changed_days(session, outline, actor.person_id, sentences=sentences) if outline is not None else []
    form = ValidityForm(counted=len(changes))
    if outline is None or is_read_only_request():
        return _page(course, outline, changes, form)
    if not form.validate_on_submit():
        return _page(course, outline, changes, form)
    if whole_number(request.form.get("counted", ""), -1) != len(changes):
        flash(_("Something changed in the meantime. Check the new numbers."), "warn")
        return _page(course, outline, changes, form), 409
    number = as_uuid(request.form.get("number", "")) or uuid4()
    validity_changes.request_change(
        session, actor, outline, number, form.reason.data or "", len(changes), sentences=sentences, now=clock.now()
    )
    flash(_("The certificates are being replaced in the background. Their holders get a notification."), "ok")
    return see_page("certificates_validity.change_validity", slug=course.slug, sentences=1 if sentences else None)


def _page(course: Course, outline: Outline | None, changes: Sequence[ChangedDay], form: ValidityForm) -> Response:
    access_log.record_list_access(PeopleListKind.CERTIFICATES, Course, course.id)
    last = validity_changes.find_last_change(current_session(), course.id)
    return page(
        "certificates/validity_change.html",
        course=course_header(course),
        may_list=allows(CertificateAction.LIST, get_register(current_session(), current_actor(), course.slug)),
        offered=outline is not None,
        valid=length_in_words(outline.certificate_valid) if outline is not None and outline.certificate_valid else "",
        version=outline.number if outline is not None else 0,
        counts=_counts(changes),
        rows=[(printed_code(take.code), take, after) for take, after in changes[:SHOWN]],
        last=last,
        sentences="sentences" in request.args,
        has_sentences=bool(validity_changes.list_unfounded_courses(current_session(), [course.id])),
        form=form,
        number=uuid4(),
    )


def _counts(changes: Sequence[ChangedDay]) -> Mapping[str, int]:
    day = today()
    is_over = [(take.expires_on is not None and take.expires_on < day, after is not None and after < day) for take, after in changes]
    return {"all": len(changes), "expired": is_over.count((False, True)), "revived": is_over.count((True, False))}
