"""Tables of selections, their juries, actas and incidents, and of objections (spec/selection 4, 5 and 12)."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from kernel.codes import printed_code
from kernel.db import MARK, Base, Entity, Moment, PublicId, Slug, unique_where
from kernel.errors import N_
from kernel.personal import Merge, personal


class Selection(Entity):
    """A selection: one selecting quiz of a course and the edition or the group whose results are listed in its actas."""

    noun = N_("Selection")
    __table_args__ = (
        CheckConstraint("(edition_id IS NULL) <> (group_id IS NULL)", name="whom"),
        unique_where("group_id IS NULL", "uq_selection_edition", "course_id", "activity_key", "edition_id"),
        unique_where("edition_id IS NULL", "uq_selection_group", "course_id", "activity_key", "group_id"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("learner_group.id"), index=True)
    created_at: Mapped[Moment]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class MemberRole(StrEnum):
    """The part of a person in a selection: a member of its jury, or a reader of its actas."""

    JURY = "jury"
    READER = "reader"


class SelectionMember(Entity):
    """A person who is named for a selection. Never deleted: who was in a jury, and when, stays on record."""

    noun = N_("Member of a jury, or reader")
    __table_args__ = (
        CheckConstraint("role IN ('jury', 'reader')", name="role"),
        unique_where("ended_at IS NULL", "uq_selection_member_in_force", "selection_id", "person_id"),
        Index("ix_selection_member_person", "person_id"),
    )

    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"), index=True)
    person_id: Mapped[int] = personal()
    role: Mapped[str] = mapped_column(String(6))
    named_at: Mapped[Moment]
    named_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class ActaKind(StrEnum):
    """The kinds of actas of a selection, in the order in which they follow one another."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    AMENDMENT = "amendment"


class ActaState(StrEnum):
    """The states of an acta: frozen by a job, looked at by the jury, in force; or not made after all."""

    FREEZING = "freezing"
    DRAFT = "draft"
    IN_FORCE = "in_force"
    DISCARDED = "discarded"


class SelectionActa(Entity):
    """An acta of a selection: a signed document whose figures are copied. Only its state and signatures change."""

    noun = N_("Acta of a selection")
    __table_args__ = (
        CheckConstraint("kind IN ('provisional', 'final', 'amendment')", name="kind"),
        CheckConstraint("state IN ('freezing', 'draft', 'in_force', 'discarded')", name="state"),
        CheckConstraint("(kind = 'amendment') = (reason <> '')", name="reason"),
        unique_where("state IN ('freezing', 'draft')", "uq_selection_acta_open", "selection_id"),
        unique_where("state <> 'discarded'", "uq_selection_acta_number", "selection_id", "number"),
    )

    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"))
    number: Mapped[int]
    """From 1: its place in the chain."""
    kind: Mapped[str] = mapped_column(String(11))
    state: Mapped[str] = mapped_column(String(9))
    code: Mapped[str] = mapped_column(String(16), unique=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Of an amendment."""
    requested_at: Mapped[Moment]
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    frozen_at: Mapped[Moment | None]
    published_at: Mapped[Moment | None]
    """Since when it is in force."""
    head: Mapped[str] = mapped_column(Text, default="")
    """Canonical JSON of the document without its lines."""
    people: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    """People with something that waits for a grader: with one of them it cannot be final."""
    previous: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the document before it; empty for the first."""
    sha256: Mapped[str] = mapped_column(String(64), default="", index=True)
    key_id: Mapped[str] = mapped_column(String(16), default="")
    signature: Mapped[str] = mapped_column(String(100), default="")
    """Ed25519 over the document, URL-safe base64."""
    compared_at: Mapped[Moment | None]
    """As of when it was last compared with the results: an older comparison changes nothing of a newer one."""

    @property
    def printed_code(self) -> str:
        """Return the code as people read it, in groups of four."""
        return printed_code(self.code)


class SelectionActaEntry(Entity):
    """A line of an acta as it was frozen, with the salt that seals it. Its text never changes.

    The name of whoever was erased is not shown; what is sealed, and the salt, are emptied after the term that the site states.
    """

    __tablename__ = "acta_line"
    __table_args__ = (UniqueConstraint("acta_id", "place"), Index("ix_acta_line_person", "person_id"))

    acta_id: Mapped[int] = mapped_column(ForeignKey("selection_acta.id"))
    place: Mapped[int]
    person_id: Mapped[int] = personal(merge=Merge.MOVE)
    text: Mapped[str] = mapped_column(Text)
    """Canonical JSON, as it stands in the document."""
    sealed: Mapped[str] = mapped_column(Text)
    """Canonical JSON with the name, as it was hashed with the salt."""
    salt: Mapped[str] = mapped_column(String(32))
    basis: Mapped[int]
    """The last mark event on which it stands; 0 where there is none."""
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    """The take whose attempts it is about: by it an amendment finds the same people, whoever left the course or took it again since."""
    changed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Of an amendment: it differs from the line of the acta before."""


class ActaSignature(Entity):
    """The signature of a member of the jury under an acta."""

    __table_args__ = (UniqueConstraint("acta_id", "signed_by"),)

    acta_id: Mapped[int] = mapped_column(ForeignKey("selection_acta.id"))
    signed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[Moment]


class ActaExport(Entity):
    """A file of an acta that was taken out, so that whoever has it can learn whether it is that file, byte for byte."""

    acta_id: Mapped[int] = mapped_column(ForeignKey("selection_acta.id"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    """End of the file's name."""
    identities: Mapped[bool] = mapped_column(default=False, server_default=false())
    """With whole identity numbers."""
    made_at: Mapped[Moment]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class CorrectionEnd(StrEnum):
    """The end of a correction: an amendment took it in, or the results are again those of the acta."""

    AMENDED = "amended"
    REVERTED = "reverted"


class ActaCorrection(Entity):
    """A task of the jury: results that differ from an acta in force. It ends in an amendment or where nothing differs any more."""

    noun = N_("Difference of an acta")
    __table_args__ = (
        CheckConstraint("ending IN ('', 'amended', 'reverted')", name="ending"),
        CheckConstraint("(closed_at IS NULL) = (ending = '')", name="closed"),
        unique_where("closed_at IS NULL", "uq_acta_correction_open", "acta_id"),
        Index("ix_acta_correction_acta", "acta_id"),
    )

    acta_id: Mapped[int] = mapped_column(ForeignKey("selection_acta.id"))
    opened_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    closed_at: Mapped[Moment | None]
    ending: Mapped[str] = mapped_column(String(8), default="")
    results: Mapped[int]
    """People whose result would change; the other counts likewise."""
    outcomes: Mapped[int]
    ranks: Mapped[int]
    others: Mapped[int]
    """People whose objections or incidents changed, or who would come or go."""
    differences: Mapped[str] = mapped_column(Text)
    """JSON: some hundreds of the lines that would change, results first. The amendment has them all."""


class IncidentOutcome(StrEnum):
    """The decisions of a jury on an incident. None of them changes a mark."""

    NOTHING = "nothing"
    REPEAT = "repeat"
    """The person may sit again, with another form."""
    EXCLUDED = "excluded"
    """The person's line in the acta has no rank and no outcome of the test."""


class SelectionIncident(Entity):
    """A question of a jury to a person about one sign in one attempt. Kept with the actas; never deleted."""

    noun = N_("Question of a jury")
    __table_args__ = (
        CheckConstraint("kind IN ('sessions', 'absences', 'rapid')", name="kind"),
        CheckConstraint("outcome IN ('', 'nothing', 'repeat', 'excluded')", name="outcome"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        UniqueConstraint("selection_id", "attempt_id", "kind"),
        Index("ix_selection_incident_person", "person_id"),
    )

    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"))
    person_id: Mapped[int] = personal(merge=Merge.MOVE)
    """Whom it is about."""
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    kind: Mapped[str] = mapped_column(String(8))
    seen: Mapped[str] = mapped_column(Text)
    """JSON: the sign as it was when the person was asked."""
    question: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Moment]
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answer_by: Mapped[Moment]
    """Until when the person may answer; from then on they count as heard."""
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    answered_at: Mapped[Moment | None]
    outcome: Mapped[str] = mapped_column(String(8), default="", server_default="")
    ground: Mapped[str] = mapped_column(Text, default="", server_default="")
    proposed_at: Mapped[Moment | None]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class JuryMatter(StrEnum):
    """The acts that need two of a jury."""

    NAMING = "naming"
    """Naming a member or a reader after the first acta."""
    ENDING = "ending"
    MARK = "mark"
    """A mark by hand instead of one that there is."""
    REOPENING = "reopening"
    EXCEPTION = "exception"
    """An override for a person who has begun."""
    ACCOMMODATION = "accommodation"
    MERGE = "merge"
    """The take that counts of a person two of whose accounts sat; deciding on one declines the other."""


class JuryDecision(Entity):
    """An act that two of a jury decide on: who asked for it and why, who agreed first, and who made or declined it. Never deleted."""

    noun = N_("Decision of two of a jury")
    __table_args__ = (
        CheckConstraint("outcome IN ('', 'decided', 'declined')", name="outcome"),
        CheckConstraint("(closed_at IS NULL) = (outcome = '')", name="closed"),
        CheckConstraint("outcome <> 'decided' OR closed_by <> agreed_by", name="two_people"),
        Index("ix_jury_decision_selection", "selection_id", "closed_at"),
        Index("ix_jury_decision_person", "person_id"),
    )

    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"))
    matter: Mapped[str] = mapped_column(String(13))
    person_id: Mapped[int] = personal(merge=Merge.MOVE)
    """Whom it is about."""
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("attempt_item.id"))
    act_values: Mapped[str] = mapped_column(Text)
    """JSON: the values of the act, as its matter has them."""
    reason: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[Moment]
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    agreed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """The first of the two."""
    closed_at: Mapped[Moment | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str] = mapped_column(String(8), default="", server_default="")


_GROUNDS = "'two_right', 'none_right', 'unclear', 'law_changed', 'not_taught', 'marked_wrongly', 'technical'"


class ObjectionGroup(Entity):
    """The objections to one version of a question in one quiz that are decided together (spec/selection 5.5)."""

    noun = N_("Objections to a question")
    __table_args__ = (
        CheckConstraint("state IN ('open', 'proposed', 'decided', 'told', 'withdrawn')", name="state"),
        unique_where("state IN ('open', 'proposed')", "uq_objection_group_undecided", "course_id", "activity_key", "question_version_id"),
        Index("ix_objection_group_version", "question_version_id"),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"))
    state: Mapped[str] = mapped_column(String(9))
    opened_at: Mapped[Moment]
    decided_at: Mapped[Moment | None]
    told_at: Mapped[Moment | None]


class ObjectionAuthor(Base):
    """A person who wrote or published the version, as known when the first objection came; they decide nothing (spec/selection 5.4)."""

    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), primary_key=True)
    person_id: Mapped[int] = personal(primary_key=True, index=True)


class Objection(Entity):
    """A learner's objection to one question of one attempt. Never deleted; an item has one, also after it was withdrawn."""

    noun = N_("Objection")
    __table_args__ = (
        CheckConstraint(f"ground IN ({_GROUNDS})", name="ground"),
        Index("ix_objection_person", "person_id"),
        Index("ix_objection_due", "due_at"),
    )

    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), unique=True)
    person_id: Mapped[int] = personal(merge=Merge.MOVE)
    ground: Mapped[str] = mapped_column(String(14))
    reason: Mapped[str] = mapped_column(Text)
    """In the learner's words; never in the audit log, empty once their account is erased."""
    opened_at: Mapped[Moment]
    extended_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]
    due_at: Mapped[Moment]
    """Until when it is to be decided: 24:00 of the last day; later where it was late."""
    late_at: Mapped[Moment | None]
    """When it was last told to be late."""
    told_at: Mapped[Moment | None]
    percent_before: Mapped[Decimal | None] = mapped_column(MARK)
    percent_after: Mapped[Decimal | None] = mapped_column(MARK)
    """Of the attempt, where the outcome changed it."""


class ObjectionProposal(Entity):
    """A proposed outcome of objections: by one person, decided on by another (spec/selection 5.4).

    Returned ones stay on record, and so do a decision that was taken back and what took it back: both are `reopened`.
    """

    __table_args__ = (
        CheckConstraint("outcome IN ('uphold', 'rescore', 'full_credit', 'void', 'removed', 'reopen')", name="outcome"),
        CheckConstraint("state IN ('standing', 'returned', 'decided', 'reopened')", name="state"),
        CheckConstraint("(outcome = 'rescore') = (target_id IS NOT NULL)", name="target"),
        CheckConstraint("answered_by IS NULL OR answered_by <> proposed_by", name="second_person"),
        unique_where("state = 'standing'", "uq_objection_proposal_standing", "group_id"),
    )

    uuid: Mapped[PublicId]
    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(11))
    ground: Mapped[str] = mapped_column(Text)
    """Why, in words for the learners."""
    source: Mapped[str] = mapped_column(Text)
    """What it rests on: the article, the page."""
    target_id: Mapped[int | None] = mapped_column(ForeignKey("question_version.id"))
    """The version by which answers are judged, where that is the outcome."""
    regrade_id: Mapped[int | None] = mapped_column(ForeignKey("regrade.id"), unique=True)
    """Its dry run; none where the marks stand."""
    state: Mapped[str] = mapped_column(String(8))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[Moment]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[Moment | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    """Why it was returned."""
