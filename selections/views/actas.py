"""Pages of actas: prepare, look at, publish, amend, and what they say in words."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from analysis.statistics import FAIR
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import _, choose, format_date, format_datetime, lazy_, ngettext, number, percent
from kernel.web.forms import Form, area, clean_text
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page
from questions.content.question_fields import DIFFICULTIES, LEVELS
from quizzes.hand_acts import hand_words
from quizzes.models import Regrade
from quizzes.regrading import TouchedRecord
from selections import actas, selections, standing
from selections import corrections as correction_queries
from selections.access import (
    AmendmentContext,
    IntegrityAction,
    SelectionActaAction,
    SelectionActaContext,
    SelectionAction,
    SelectionContext,
    is_jury_member,
)
from selections.corrections import KEPT_LINES, list_touched
from selections.messages import difference_words
from selections.models import ActaCorrection, ActaKind, ActaState, CorrectionEnd, Selection, SelectionActa
from selections.objections import find_open_objecting
from selections.rules.differences import BY_HAND, DifferenceCounts
from selections.rules.ranking import SelectionOutcome
from selections.selections import is_answering_over
from selections.standing import ActaEntryRow
from selections.wording import KINDS, acta_moment


class AmendmentForm(Form):
    """The reason of an amendment; other actas have none."""

    reason = area(lazy_("Reason for the amendment"), most=2000, required=lazy_("Write the reason."))

    def words(self) -> str:
        """Return the reason."""
        return clean_text(self.reason.data or "", lines=True)


STATES: Mapping[str, str] = {
    ActaState.FREEZING.value: N_("Being prepared"),
    ActaState.DRAFT.value: N_("Draft, for the jury alone"),
    ActaState.IN_FORCE.value: N_("Published"),
    ActaState.DISCARDED.value: N_("Discarded"),
}
LINE_OUTCOMES: Mapping[str, str] = {
    SelectionOutcome.PASSED.value: N_("Passed"),
    SelectionOutcome.NOT_PASSED.value: N_("Not passed"),
    SelectionOutcome.RANKED.value: N_("Result without pass mark"),
    SelectionOutcome.WAITING.value: N_("Waiting to be marked"),
    SelectionOutcome.DID_NOT_SIT.value: N_("Did not sit"),
    SelectionOutcome.EXCLUDED.value: N_("Left out by the jury"),
}


@dataclass(frozen=True, slots=True)
class ActaEntryView:
    """A line of an acta; `band` is its places that the test does not tell apart, in % of the list for the bar."""

    name: str
    rank: str
    percent: str
    csem: str
    outcome: str
    attempts: str
    alike: str
    alike_short: str
    decided: str
    band_from: float
    band_width: float
    likely: str
    """Between which results another set of questions would often put the person."""
    was: str
    """Of an amendment that changed the line: what it said before."""
    by_hand: Sequence[str]
    """What was done by hand on the person's attempts: which question, by whom, why."""


def line_views(lines: Iterable[ActaEntryRow], people: int) -> list[ActaEntryView]:
    """Return lines of an acta in words."""
    return [_line_view(line, people) for line in lines]


def _line_view(line: ActaEntryRow, people: int) -> ActaEntryView:
    fields = line.fields
    first, last = fields.get("not_told_apart", (0, 0))
    objections, incidents = len(fields.get("objections", ())), len(fields.get("incidents", ()))
    return ActaEntryView(
        name=_("Data deleted") if line.is_withdrawn else line.name,
        rank=number(fields["rank"]) if "rank" in fields else "–",
        percent=shown_percent(fields),
        csem=number(float(fields["csem"]), 1) if "csem" in fields else "–",
        outcome=outcome_words(fields),
        attempts=", ".join(number(attempt) for attempt in fields.get("attempts", ())) or "–",
        alike=_("places %(first)s to %(last)s", first=number(first), last=number(last)) if last > first else "–",
        alike_short=f"{number(first)}–{number(last)}" if last > first else "–",
        decided=", ".join(
            [
                *([_("objections: %(count)s", count=number(objections))] if objections else []),
                *([_("incidents: %(count)s", count=number(incidents))] if incidents else []),
            ]
        ),
        band_from=round(100 * (first - 1) / people, 2) if first else 0,
        band_width=round(100 * (last - first + 1) / people, 2) if first else 0,
        likely=_likely(fields),
        was=_was(fields["was"]) if "was" in fields else "",
        by_hand=hand_lines(fields),
    )


def hand_lines(fields: Mapping[str, Any]) -> list[str]:
    """Return in words what was done by hand on the attempts of a line."""
    return [hand_words(act["question"], act["by"], act["reason"]) for act in fields.get(BY_HAND, ())]


def _likely(fields: Mapping[str, Any]) -> str:
    if "csem" not in fields:
        return ""
    result, error = float(fields["shown"]), float(fields["csem"])
    low, high = (percent(max(0.0, min(100.0, bound)), 1) for bound in (result - error, result + error))
    return _("%(low)s and %(high)s", low=low, high=high)


def _was(before: Mapping[str, Any]) -> str:
    """Return the values of a line in the acta before, of what differs alone."""
    if not before:
        return _("was not in the acta")
    parts = [
        *([_("result %(result)s", result=shown_percent(before))] if "percent" in before else []),
        *([outcome_words(before)] if "outcome" in before else []),
        *([_("rank %(rank)s", rank=number(before["rank"]))] if before.get("rank") else []),
        *([_("other decisions on objections")] if "objections" in before else []),
        *([_("other decisions on incidents")] if "incidents" in before else []),
    ]
    return ", ".join(parts) or _("without a result")


def outcome_words(fields: Mapping[str, Any]) -> str:
    """Return the outcome of a line in words."""
    label = LINE_OUTCOMES[fields["outcome"]]
    return _(label)


def shown_percent(fields: Mapping[str, Any]) -> str:
    """Return a result with two decimals, as the acta shows it."""
    return percent(float(fields["shown"]), 2) if "shown" in fields else "–"


def head_facts(row: SelectionActa) -> list[tuple[str, str]]:
    """Return the facts of an acta beside its lines, each with its name."""
    head = json.loads(row.head)
    counted = GRADING[head["grading"]]
    differences = head.get("differences")
    facts = [
        (_("What changes"), difference_words(DifferenceCounts(**differences)) if differences else ""),
        (_("What the results are used for"), choose(head["use"]) if head["use"] else ""),
        (_("Edition or group"), head["whom"]),
        (_("People"), number(head["people"])),
        (_("Pass mark"), "–" if head["pass_mark"] is None else percent(float(_fraction(head["pass_mark"])), 2)),
        (_("What the pass mark goes by"), _pass_mark_basis(head.get("pass_mark_record"))),
        (_("Attempt that counts"), _(counted)),
        (_("Equal results"), _tie_words(head.get("ties", "shared"))),
        (_("Topics and their share of the marks (blueprint)"), "; ".join(_share(line) for line in head.get("blueprint", ()))),
        (_("How the questions were drawn"), _draw_words(head.get("draws", ()))),
    ]
    return [fact for fact in facts if fact[1]]


def _pass_mark_basis(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    if "norm" in record:
        return _("A norm: %(norm)s", norm=choose(record["norm"]))
    facts = {
        "cut": number(_fraction(record["cut"]), 2),
        "error": number(float(record["standard_error"]), 2),
        "day": record["signed_at"][:10],
    }
    return ngettext(
        "%(count)s judge said question by question how many of 100 people who just know enough would answer it. "
        "That makes %(cut)s, give or take %(error)s; signed on %(day)s",
        "%(count)s judges said question by question how many of 100 people who just know enough would answer it. "
        "That makes %(cut)s, give or take %(error)s; signed on %(day)s",
        record["judges"],
        **facts,
    )


def _tie_words(ties: str | Mapping[str, Any]) -> str:
    if isinstance(ties, str):
        return _("share a rank")
    parts = "; ".join(choose(ties["titles"][key]) for key in ties["objectives"])
    criteria = [_("the higher result in these parts goes ahead, in this order: %(parts)s", parts=parts)] if parts else []
    if ties["draw"]:
        criteria.append(_("then a public draw with the text “%(text)s”", text=ties["draw"]))
    return ", ".join(criteria)


def _share(line: Mapping[str, Any]) -> str:
    level, difficulty = LEVELS.get(line["level"], ""), DIFFICULTIES.get(line["difficulty"], "")
    objective = choose(line.get("title")).removesuffix(".") or line["objective"]  # actas from before titles were frozen have the key alone
    what = " · ".join(part for part in (objective, _(level) if level else "", _(difficulty) if difficulty else "") if part)
    return f"{percent(_fraction(line['weight']), 0)} {what}"


def _draw_words(draws: Sequence[Mapping[str, Any]]) -> str:
    """Return by which table of known facilities how many attempts were drawn; nothing where everybody got the same questions."""
    return "; ".join(
        ngettext(
            "table %(table)s of quiz version %(version)s: %(count)s attempt",
            "table %(table)s of quiz version %(version)s: %(count)s attempts",
            draw["attempts"],
            table=number(draw["draw_table"]),
            version=draw["quiz_version"],
        )
        for draw in draws
        if draw["balance"] is not None
    )


def institution_names(row: SelectionActa) -> Mapping[str, str]:
    """Return the names of the institution as an acta froze them, by language."""
    names: Mapping[str, str] = json.loads(row.head).get("institution", {})
    return names


def precision_facts(row: SelectionActa) -> list[tuple[str, str, str]]:
    """Return how sure the figures of an acta are: the name of each figure, the figure, and what it says; none where nothing is known."""
    head = json.loads(row.head)
    if head["sem"] is None:
        return []
    error, same = number(float(head["sem"]), 1), head["consistency"]
    facts = [
        (
            _("Standard error of measurement"),
            error,
            _(
                "With other questions of the same kind, a result would come out up to %(error)s points higher or lower, "
                "two times out of three; the list shows it for each person.",
                error=error,
            ),
        ),
        (
            _("Reliability (alpha)"),
            number(float(head["reliability"]), 2),
            _(
                "Whether the questions put the same people ahead: 0 would be chance, 1 complete agreement. "
                "For decisions about people at least 0.75 is asked; below 0.65 it is weak."
            ),
        ),
    ]
    if same is not None:
        hundred = number(round(100 * float(same)))
        explanation = _("About %(count)s of 100 people would pass or fail just the same with another set of questions.", count=hundred)
        facts.append((_("Same decision on another set of questions"), percent(100 * float(same), 0), explanation))
    return facts


def caution(row: SelectionActa) -> str:
    """Return the caution that a test alone is too little to decide about people, where so many would get another decision; else ''."""
    same = json.loads(row.head)["consistency"]
    if same is None or float(same) >= FAIR:
        return ""
    return _(
        "With other questions about %(count)s of every 100 people would get another decision. This test alone is too little to decide "
        "about a person, or to put people in order: the rules of the selection should foresee another form of assessment.",
        count=number(100 - round(100 * float(same))),
    )


TOO_FEW = N_(
    "There were too few attempts to say how sure the results are. So no bands are shown, which does not mean that each rank is certain."
)
BANDS = N_(
    "“Give or take”: with other questions a person’s result would move by up to so many points, two times out of three. A “band” is "
    "stricter, because it compares two people: it holds the places among which the test does not decide, and with other questions the "
    "order among them could be another. Where a band holds people who passed and people who did not, the test cannot put them in order. "
    "Equal results share a rank."
)


GRADING: Mapping[str, str] = {
    "highest": N_("The best one"),
    "average": N_("The average of all"),
    "first": N_("The first one"),
    "last": N_("The last one"),
}


def _fraction(text: str) -> float:
    above, _slash, below = text.partition("/")
    return int(above) / int(below or 1)


ENDINGS: Mapping[str, str] = {
    "": N_("Open: the jury decides on an amendment"),
    CorrectionEnd.AMENDED.value: N_("Closed by the acta that follows"),
    CorrectionEnd.REVERTED.value: N_("Closed: the results are again those of the acta"),
}


def ending_words(task: ActaCorrection, acta: SelectionActa) -> str:
    """Describe how a task of the jury ended, or what is to come of it."""
    if acta.kind == ActaKind.PROVISIONAL and not task.ending:
        return _("Open: the final acta takes it in")
    return _(ENDINGS[task.ending])


def figure_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return result, outcome, rank and what else of a line would change, each before and after; empty where it stays."""
    if not before or not after:
        remark = _("would be added") if not before else _("would no longer be in it")
        figures = after or before
        return shown_percent(figures), outcome_words(figures), _rank(figures), remark
    decided = [_(label) for part, label in _PARTS.items() if before.get(part) != after.get(part)]
    decided += [text for text in hand_lines(after) if text not in hand_lines(before)]
    return (
        _change(shown_percent(before), shown_percent(after)) if before.get("percent") != after.get("percent") else "",
        _change(outcome_words(before), outcome_words(after)) if before["outcome"] != after["outcome"] else "",
        _change(_rank(before), _rank(after)) if before.get("rank") != after.get("rank") else "",
        ", ".join(decided),
    )


_PARTS: Mapping[str, str] = {"objections": N_("objections decided"), "incidents": N_("incidents decided")}


def _rank(figures: Mapping[str, Any]) -> str:
    return number(figures["rank"]) if "rank" in figures else "–"


def _change(before: str, after: str) -> str:
    return _("%(before)s → %(after)s", before=before, after=after)


def touched_by_regrade(session: Session, regrade: Regrade) -> list[TouchedRecord]:
    """Return the actas that a dry run touches, as its page shows them (spec/selection 4.11)."""
    return [
        TouchedRecord(
            name=f"{_(KINDS[touched.acta.kind])} {touched.acta.printed_code}, {touched.whom}",
            words=_(
                "%(people)s; %(outcomes)s. The acta stays as it is: its jury gets a task.",
                people=ngettext(
                    "%(count)s person in it would have another result", "%(count)s people in it would have another result", touched.people
                ),
                outcomes=ngettext("%(count)s would pass or fail instead", "%(count)s would pass or fail instead", touched.outcomes),
            ),
        )
        for touched in list_touched(session, regrade)
    ]


PART = 1000
"""Lines of one PDF: what is drawn takes the time of whoever waits for a page meanwhile."""


def count_parts(row: SelectionActa) -> int:
    """Return in how many parts the PDF of an acta comes."""
    return max(1, -(-row.people // PART))


def open_words(matters: actas.OpenMatters) -> list[str]:
    """Describe what is still open of a sitting whose acta is about to be published or signed."""
    parts = [
        matters.sits_until
        and _(
            "The sitting is open until %(moment)s: anyone who has not submitted yet can still do so.",
            moment=format_datetime(matters.sits_until),
        ),
        matters.answering and ngettext("%(count)s attempt is in progress.", "%(count)s attempts are in progress.", matters.answering),
        matters.questions
        and ngettext(
            "%(count)s question of the jury to a person is not decided yet: this acta says nothing of it.",
            "%(count)s questions of the jury to people are not decided yet: this acta says nothing of them.",
            matters.questions,
        ),
        matters.is_early
        and _("The figures are of before the term for objections ended. If anything changed since, discard the draft and prepare another."),
    ]
    return [str(part) for part in parts if part]


def why_not_signed(row: SelectionActa, matters: actas.OpenMatters) -> str:
    """Describe what has to come first before a final acta or an amendment can be signed; empty where nothing has."""
    if row.waiting:
        return _("It can be signed once all answers are marked and the acta is prepared anew.")
    if matters.objections:
        return ngettext(
            "%(count)s objection is not decided yet: it can be signed after that.",
            "%(count)s objections are not decided yet: it can be signed after that.",
            matters.objections,
        )
    if matters.term is not None:
        return _(
            "Objections may be made until %(day)s: it can be signed from the next day on.", day=format_date(matters.term.last_day, "full")
        )
    return ""


bp = Blueprint("selections_actas", __name__)

ROWS = 50


@bp.get("/selections/<uuid:selection>")
@requires(SelectionAction.VIEW, selections.get_selection)
def selection(subject: SelectionContext) -> Response:
    """Show a selection with its actas and the tasks of its jury, to its jury and its readers."""
    session, in_jury = current_session(), is_jury_member(subject)
    chain = actas.list_chain(session, subject.id)
    tasks = [
        (task, difference_words(task), ending_words(task, acta), acta)
        for task, acta in correction_queries.list_corrections(session, subject.id)
    ]
    return page(
        "selections/selection.html",
        selection=subject,
        actas=[row for row in standing.list_actas(session, subject.id) if in_jury or row.state == ActaState.IN_FORCE],
        kinds=KINDS,
        states=STATES,
        in_jury=in_jury,
        shows_signs=allows(IntegrityAction.VIEW, subject)
        and is_answering_over(session, session.get_one(Selection, subject.id), now=clock.now()),
        is_open=any(row.state != ActaState.IN_FORCE for row in chain),
        next_kind=actas.next_kind(chain).value,
        corrections=tasks,
        pending=next((words for task, words, _ending, _acta in tasks if task.closed_at is None), ""),
    )


@bp.post("/selections/<uuid:selection>/actas")
@requires(SelectionActaAction.DRAFT, selections.get_selection)
def prepare(subject: SelectionContext) -> Answer:
    """Have the provisional or the final acta of a selection frozen."""
    session = current_session()
    if actas.next_kind(actas.list_chain(session, subject.id)) is ActaKind.AMENDMENT:
        return see_page("selections_actas.amendment", selection=subject.uuid)
    return _requested("", subject.id)


def _requested(reason: str, selection_id: int) -> Response:
    row = actas.request_acta(current_session(), current_actor(), selection_id, reason=reason, now=clock.now())
    return see_page("selections_actas.acta", acta=row.uuid, flash=_("The figures are being frozen. It takes a moment."))


@bp.route("/selections/<uuid:selection>/amendment", methods=["GET", "POST"])
@requires(SelectionActaAction.AMEND, correction_queries.get_amendment)
def amendment(subject: AmendmentContext) -> Answer:
    """Show what differs from the acta in force, line by line; have an amendment prepared, with its reason."""
    session, form = current_session(), AmendmentForm()
    assert subject.acta is not None
    assert subject.correction is not None
    if form.validate_on_submit():
        return _requested(form.words(), subject.selection.id)
    lines = correction_queries.list_differences(session, subject.correction)
    access_log.record_list_access(PeopleListKind.ACTA, SelectionActa, subject.acta.id, role=subject.selection.role or "")
    chain = actas.list_chain(session, subject.selection.id)
    return page(
        "selections/amendment.html",
        selection=subject.selection,
        acta=subject.acta,
        kinds=KINDS,
        words=difference_words(subject.correction),
        since=subject.correction.opened_at,
        lines=[(name or _("Data deleted"), *figure_changes(before, after)) for name, before, after in lines],
        has_all=len(lines) < KEPT_LINES,
        regrades=correction_queries.list_regrades_since(session, subject.acta),
        open_acta=next((row.uuid for row in chain if row.state != ActaState.IN_FORCE), None),
        form=form,
    )


@bp.get("/selections/actas/<uuid:acta>")
@requires(SelectionActaAction.VIEW, standing.get_acta)
def acta(subject: SelectionActaContext) -> Response:
    """Show an acta: what it says of itself, its lines with bands, its signatures; and whether later corrections are pending."""
    session, row, paging = current_session(), subject.acta, requested_page(ROWS)
    changed = row.kind == ActaKind.AMENDMENT.value and request.args.get("show") == "changed"
    places = {"offset": paging.offset} if changed else {"after": paging.offset}
    lines = standing.list_lines(session, row.id, limit=ROWS + 1, changed=changed, **places)
    if lines:
        access_log.record_list_access(PeopleListKind.ACTA, SelectionActa, row.id, role=subject.selection.role or "")
    signed, later = standing.list_signatures(session, row.id), standing.find_later(session, row)
    pending = correction_queries.find_open(session, row.id)
    is_decided_here = is_jury_member(subject.selection) and row.state == ActaState.DRAFT.value
    matters = actas.find_open_matters(session, row, now=clock.now()) if is_decided_here else actas.OpenMatters()
    return page(
        "selections/acta.html",
        moment=acta_moment,
        open_matters=open_words(matters),
        why_not_signed=why_not_signed(row, matters),
        selection=subject.selection,
        acta=row,
        kinds=KINDS,
        states=STATES,
        facts=head_facts(row) if row.head else [],
        precision=precision_facts(row) if row.head else [],
        caution=caution(row) if row.head else "",
        reading=_(BANDS if row.head and precision_facts(row) else TOO_FEW),
        page=paging.of(line_views(lines, row.people)),
        show="changed" if changed else "",
        signatures=signed,
        in_jury=is_jury_member(subject.selection),
        may_sign=row.kind != ActaKind.PROVISIONAL.value and current_actor().person_id not in [person.id for person, _at in signed],
        is_provisional=row.kind == ActaKind.PROVISIONAL.value,
        is_amendment=row.kind == ActaKind.AMENDMENT.value,
        later=later,
        pending="" if pending is None else difference_words(pending),
        parts=count_parts(row),
        may_export_identity=allows(SelectionActaAction.EXPORT_IDENTITY, subject),
    )


@bp.post("/selections/actas/<uuid:acta>/publication")
@requires(SelectionActaAction.FREEZE, standing.get_acta)
def publish(subject: SelectionActaContext) -> Response:
    """Put a provisional acta in force."""
    actas.publish_provisional(current_session(), current_actor(), subject.acta.id, _viewed_digest(), now=clock.now())
    return see_page("selections_actas.acta", acta=subject.acta.uuid, flash=_("The acta is published."))


@bp.post("/selections/actas/<uuid:acta>/signature")
@requires(SelectionActaAction.SIGN, standing.get_acta)
def sign(subject: SelectionActaContext) -> Response:
    """Sign a final acta or an amendment."""
    in_force = actas.sign_acta(current_session(), current_actor(), subject.acta.id, _viewed_digest(), now=clock.now())
    flash(_("The acta is signed by two and in force.") if in_force else _("Signed. Another member of the jury has to sign it too."), "ok")
    return see_page("selections_actas.acta", acta=subject.acta.uuid)


@bp.post("/selections/actas/<uuid:acta>/discard")
@requires(SelectionActaAction.DRAFT, standing.get_acta)
def discard(subject: SelectionActaContext) -> Response:
    """Discard an acta that is not in force."""
    actas.discard_acta(current_session(), current_actor(), subject.acta.id, now=clock.now())
    return see_page("selections_actas.selection", selection=subject.selection.uuid, flash=_("The draft was discarded."))


def _viewed_digest() -> str:
    """Return the digest of the acta that the reader looked at."""
    sha256 = request.form.get("sha256", "")
    if len(sha256) != 64:
        raise Invalid(N_("The acta has changed in the meantime. Look at it again."))
    return sha256


@bp.get("/selections/<uuid:selection>/own-line")
@requires(SelectionActaAction.VIEW_OWN, selections.get_selection)
def own_line(subject: SelectionContext) -> Response:
    """Show a participant their own line of the acta in force, and nobody else's."""
    session, row = current_session(), standing.find_in_force(current_session(), subject.id)
    lines = standing.list_own_lines(session, row.id, current_actor().person_id or 0) if row is not None else []
    if row is None or not lines:
        raise NotFound
    return page(
        "selections/own_line.html",
        selection=subject,
        acta=row,
        kinds=KINDS,
        lines=list(zip(line_views(lines, row.people), lines, strict=True)),
        pending=correction_queries.find_open(session, row.id) is not None,
        objecting=find_open_objecting(session, session.get_one(Selection, subject.id), current_actor().person_id or 0, now=clock.now())
        if row.kind == ActaKind.PROVISIONAL.value
        else None,
    )
