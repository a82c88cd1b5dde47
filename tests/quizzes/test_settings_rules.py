"""Settings that hold for one person, the review that they allow, pages, locks and the summary.

spec/quiz-engine 5.2.2, 5.10, 5.11, 5.12, 5.9, 5.5.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rules.statistics import covariance
from kernel.i18n import reading
from questions.rules.answers import EssayAnswer, GapsAnswer, NumberAnswer, SingleChoiceAnswer, TextAnswer, filled_parts
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MultipleChoiceBody,
    OrderingBody,
    TrueFalseBody,
)
from questions.rules.feedback import ReviewFlag
from quizzes.content.quiz_fields import GROUPS, SETTINGS
from quizzes.rules.layout import AttemptLayout, Candidate, SlotEntry, lay_out
from quizzes.rules.regrade import KeyDifference, RegradePolicy, can_regrade, differences, regraded
from quizzes.rules.settings import (
    AccommodationValues,
    AtEnd,
    Behaviour,
    EffectiveSettings,
    Navigation,
    OverridableSetting,
    OverriddenSettings,
    QuestionProgress,
    Reader,
    ReviewMoment,
    ReviewOptions,
    ReviewPreset,
    SettingSources,
    effective,
    explains_early,
    flags_for,
    flags_for_item,
    is_kinder,
    is_within,
    may_download_answers,
    moment_of,
    shows_key_closed,
    shows_key_early,
)
from quizzes.rules.states import (
    AttemptClock,
    AttemptEvent,
    AttemptState,
    StartConditions,
    SummaryState,
    TimeRuling,
    end_of,
    locked_places,
    may_start,
    page_to_show,
    rule_on_time,
    summary_state,
)
from tests.support.questions import (
    a_matching,
    a_matrix,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    an_ordering,
    dragged_gaps,
    es,
    every_body,
    f,
    marked,
    some_gaps,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SOON = NOON + timedelta(hours=1)
HOUR = timedelta(hours=1)


def override(*settings: OverridableSetting, **fields: object) -> OverriddenSettings:
    """Return an override that sets just these."""
    return OverriddenSettings(frozenset(settings), **fields)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("networks", "address", "inside"),
    [
        ((), "203.0.113.9", True),
        ((), "nada", True),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "11.1.2.3", False),
        (("10.1.2.3/8",), "10.9.9.9", True),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.7", "10.0.0.0/8"), "10.0.0.1", True),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("2001:db8::/32",), "10.0.0.1", False),
        (("10.0.0.0/8",), "nada", False),
        (("10.0.0.0/8",), "", False),
    ],
)
def test_a_network_filter_knows_both_kinds_of_addresses(networks: tuple[str, ...], address: str, *, inside: bool) -> None:
    """spec/quiz-engine 5.2.2: network filter; without one everybody is inside, what is no address is nowhere."""
    assert is_within(frozenset(networks), address) is inside


def test_everybody_stands_before_groups_persons_and_profiles() -> None:
    """spec/quiz-engine 5.10.1, 5.10.3: what is set for everybody replaces the quiz's own; the rest is measured against it."""
    quiz = EffectiveSettings(closes=NOON, limit=600, attempts=1)
    everyone = override(OverridableSetting.CLOSES, closes=NOON + HOUR)

    assert SettingSources(quiz).effective_settings() == quiz
    assert SettingSources(quiz, everyone).effective_settings().closes == NOON + HOUR
    assert SettingSources(quiz, everyone, groups=(override(OverridableSetting.LIMIT, limit=900),)).effective_settings().limit == 900
    assert SettingSources(quiz, everyone, own=override(OverridableSetting.ATTEMPTS, attempts=3)).effective_settings().attempts == 3
    lengthened = SettingSources(quiz, everyone, accommodation=AccommodationValues(Fraction(2))).effective_settings(NOON)
    assert (lengthened.limit, lengthened.closes) == (1200, NOON + HOUR + timedelta(seconds=600))


def test_the_time_that_incidents_added_lengthens_the_limit_of_a_person() -> None:
    """spec/quiz-engine 5.10: after the accommodation; without a limit there is nothing to lengthen."""
    twice = SettingSources(EffectiveSettings(limit=600), accommodation=AccommodationValues(Fraction(2)))

    assert (twice.limit_of(NOON, 0), twice.limit_of(NOON, 90)) == (1200, 1290)
    assert SettingSources(EffectiveSettings()).limit_of(NOON, 90) is None


@pytest.mark.parametrize(
    ("closes", "final_submitted_at", "reviewed_from"),
    [(None, None, None), (SOON, None, SOON), (None, SOON, SOON), (NOON, SOON, NOON), (SOON, NOON, NOON)],
)
def test_an_initial_test_is_reviewed_as_closed_once_the_final_one_is_submitted(
    closes: datetime | None, final_submitted_at: datetime | None, reviewed_from: datetime | None
) -> None:
    """spec/selection 7.2."""
    sources = SettingSources(EffectiveSettings(closes=closes), final_submitted_at=final_submitted_at)

    assert sources.review_closes(NOON) == reviewed_from


@pytest.mark.parametrize(
    ("awaits_final", "final_submitted_at", "is_held"),
    [(False, None, False), (True, None, True), (True, NOON + timedelta(seconds=1), True), (True, NOON, False)],
)
def test_the_result_of_an_initial_test_is_held_until_the_final_one_is_graded(
    awaits_final: bool, final_submitted_at: datetime | None, is_held: bool
) -> None:
    """spec/selection 7.2."""
    sources = SettingSources(EffectiveSettings(), final_submitted_at=final_submitted_at, awaits_final=awaits_final)

    assert sources.is_held(NOON) is is_held


@pytest.mark.parametrize(
    ("setting_sources", "opens"),
    [
        (SettingSources(EffectiveSettings()), False),
        (SettingSources(EffectiveSettings(), override(OverridableSetting.OPENS)), True),
        (SettingSources(EffectiveSettings(), groups=(override(OverridableSetting.LIMIT), override(OverridableSetting.OPENS))), True),
        (SettingSources(EffectiveSettings(), own=override(OverridableSetting.OPENS)), True),
        (SettingSources(EffectiveSettings(), override(OverridableSetting.CLOSES), own=override(OverridableSetting.LIMIT)), False),
    ],
)
def test_an_override_of_the_opening_is_known(setting_sources: SettingSources, *, opens: bool) -> None:
    """spec/quiz-engine 5.10.1: it decides when one may start, whatever opens the activity otherwise."""
    assert setting_sources.sets_opening is opens


def test_what_is_set_for_many_takes_no_time_from_an_accommodation() -> None:
    """spec/quiz-engine 5.10.3, public case 9: a group's closing, limit and attempts move what is added to; the person's own replace it."""
    quiz, twice = EffectiveSettings(closes=NOON + timedelta(seconds=360), limit=600, attempts=1), AccommodationValues(Fraction(2), 1)

    def for_group(setting: OverridableSetting, **values: Any) -> EffectiveSettings:
        return effective(quiz, groups=[override(setting, **values)], accommodation=twice, started_at=NOON)

    later = NOON + timedelta(seconds=480)
    assert for_group(OverridableSetting.CLOSES, closes=later).closes == later + timedelta(seconds=600)
    assert (for_group(OverridableSetting.LIMIT, limit=720).limit, for_group(OverridableSetting.ATTEMPTS, attempts=2).attempts) == (1440, 3)
    assert for_group(OverridableSetting.LIMIT, limit=720).closes == NOON + timedelta(seconds=360 + 720)
    mine = effective(quiz, own=override(OverridableSetting.CLOSES, closes=later), accommodation=twice, started_at=NOON)
    assert (mine.closes, mine.limit) == (later, 1200)


def test_an_own_limit_moves_no_close_date() -> None:
    """spec/quiz-engine 5.10.3: explicit overrides beat the profile:
    its extra minutes are not added beside a limit that somebody has set.
    """
    quiz = EffectiveSettings(closes=NOON, limit=600)

    assert effective(
        quiz, own=override(OverridableSetting.LIMIT, limit=700), accommodation=AccommodationValues(Fraction(2)), started_at=NOON - HOUR
    ) == EffectiveSettings(closes=NOON, limit=700)
    assert effective(quiz, accommodation=AccommodationValues(Fraction(2)), started_at=NOON - HOUR).closes == NOON + timedelta(seconds=600)


@pytest.mark.parametrize(("setting", "field"), [(OverridableSetting.NETWORKS, "networks"), (OverridableSetting.PASSWORD, "passwords")])
def test_passwords_and_networks_of_groups_are_all_accepted_and_none_opens_to_all(setting: OverridableSetting, field: str) -> None:
    """spec/quiz-engine 5.10.1: passwords: all accepted; where one group needs none, nobody of it is asked."""
    quiz = EffectiveSettings(**{field: frozenset({"quiz"})})  # type: ignore[arg-type]  # one of two fields
    one, other, free = (override(setting, **{field: frozenset(names)}) for names in (("a",), ("b",), ()))

    assert getattr(effective(quiz, groups=[one, other]), field) == {"a", "b"}
    assert getattr(effective(quiz, groups=[one, free]), field) == frozenset()
    assert getattr(effective(quiz, own=one, groups=[free]), field) == {"a"}
    assert getattr(effective(quiz), field) == {"quiz"}


def test_a_password_is_asked_of_learners_alone() -> None:
    """spec/quiz-engine 5.2.2, 5.2.7: a preview knows no password."""
    access = EffectiveSettings(passwords=frozenset({"sol"}))

    assert may_start(access, [], StartConditions(), now=NOON).needs_password is True
    assert may_start(access, [], StartConditions(preview=True), now=NOON).needs_password is False
    assert may_start(EffectiveSettings(), [], StartConditions(), now=NOON).needs_password is False


def test_minutes_given_to_an_attempt_come_after_its_end() -> None:
    """spec/quiz-engine 5.3.1: what an incident has given."""
    assert end_of(EffectiveSettings(limit=600), NOON, extra=300) == NOON + timedelta(seconds=900)
    assert end_of(EffectiveSettings(closes=NOON + HOUR), NOON, extra=60) == NOON + HOUR + timedelta(seconds=60)
    assert end_of(EffectiveSettings(), NOON, extra=60) is None


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (a_single(an_option("a", "1"), an_option("z")), "options"),
        (OrderingBody((KeyedLabel("i0", es("I0")), KeyedLabel("z", es("Z")))), "items"),
    ],
)
def test_differences_name_the_list(body: Body, part: str) -> None:
    """spec/quiz-engine 5.11.2: allowed only if structure is compatible; the reason names the list and its keys."""
    before = {"options": a_single(an_option("a", "1"), an_option("b")), "items": an_ordering(2)}[part]
    lacking = {"options": "b", "items": "i1"}[part]

    assert differences(a_question(before), a_question(body)) == (KeyDifference(part, (lacking,), ("z",)),)
    assert differences(a_question(body), a_question(body)) == ()


def test_differences_of_several_lists_are_all_told() -> None:
    """spec/quiz-engine 5.11.2: pairs and matches, columns and rows, gaps and choices by their names."""
    matching, matrix, gaps = a_matching(), a_matrix(), dragged_gaps()
    shorter = type(matching)(matching.pairs[:1], ())
    narrower = type(matrix)(matrix.columns[:1], matrix.rows[:2])
    fewer = GapsBody(gaps.gaps[:1], drag=True, choices=gaps.choices[:2])

    assert [one.part for one in differences(a_question(matching), a_question(shorter))] == ["pairs", "matches"]
    assert [one.part for one in differences(a_question(matrix), a_question(narrower))] == ["columns", "rows"]
    assert {one.part for one in differences(a_question(gaps), a_question(fewer))} >= {"choices"}


def test_an_equal_mark_stays_the_old_one() -> None:
    """spec/quiz-engine 5.11.3: keep best; the very same object, so that nothing is written for it."""
    old, new = f("1/2"), Fraction(2, 4)

    assert regraded(RegradePolicy.KEEP_BEST, old, new) is old
    assert regraded(RegradePolicy.REPLACE, old, new) is new


def test_columns_of_unequal_length_are_refused() -> None:
    """spec/quiz-engine 5.12: a mark without its attempt is a mistake of ours, and not a number."""
    with pytest.raises(ValueError, match="zip"):
        covariance([f("1"), f("2")], [f("1"), f("2"), f("3")])


def test_the_last_page_can_be_reached_where_one_goes_forward_only() -> None:
    """spec/quiz-engine 5.5: the next page, also where it is the last."""
    assert page_to_show(Navigation.SEQUENTIAL, requested=4, current=3, pages=4) == 4
    assert page_to_show(Navigation.SEQUENTIAL, requested=5, current=4, pages=4) == 4


def test_responses_that_show_alike_are_equal() -> None:
    """spec/quiz-engine 5.4.1: empty values and parts say nothing: a form sends them, the page's script does not."""
    assert filled_parts({"answer": ["", "2,5"], "unit": [""], "1": []}) == {"answer": ["2,5"]}
    assert filled_parts({}) == filled_parts({"answer": [""]}) == {}


@pytest.mark.parametrize(
    ("at_end", "offline_window_seconds", "seconds", "expected"),
    [
        (AtEnd.SUBMIT, 120, 61, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 120, 120, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 120, 121, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.SUBMIT, finished_at=NOON)),
        (AtEnd.SUBMIT, 0, 61, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.SUBMIT, finished_at=NOON)),
        (AtEnd.ABANDON, 120, 61, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=NOON)),
        (AtEnd.GRACE, 120, 61, TimeRuling(may_answer=False, may_submit=True, event=AttemptEvent.RUN_OUT, may_accept_offline=True)),
        (AtEnd.GRACE, 0, 61, TimeRuling(may_answer=False, may_submit=True, event=AttemptEvent.RUN_OUT)),
    ],
)
def test_a_window_of_evidence_keeps_an_attempt_open_for_what_was_written_in_time(
    at_end: AtEnd, offline_window_seconds: int, seconds: int, expected: TimeRuling
) -> None:
    """spec/quiz-engine 5.3.9: until E + W, where the quiz has a window; finish = E; what is abandoned at its end stays so."""
    clock = AttemptClock(AttemptState.IN_PROGRESS, NOON, at_end, grace=600, offline_window_seconds=offline_window_seconds)

    assert rule_on_time(clock, now=NOON + timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("before", "after", "kinder"),
    [
        (EffectiveSettings(opens=SOON), EffectiveSettings(opens=NOON), True),
        (EffectiveSettings(opens=SOON), EffectiveSettings(), True),
        (EffectiveSettings(opens=NOON), EffectiveSettings(opens=SOON), False),
        (EffectiveSettings(), EffectiveSettings(opens=NOON), False),
        (EffectiveSettings(closes=NOON), EffectiveSettings(closes=SOON), True),
        (EffectiveSettings(closes=NOON), EffectiveSettings(), True),
        (EffectiveSettings(closes=SOON), EffectiveSettings(closes=NOON), False),
        (EffectiveSettings(), EffectiveSettings(closes=NOON), False),
        (EffectiveSettings(limit=60), EffectiveSettings(limit=61), True),
        (EffectiveSettings(limit=60), EffectiveSettings(), True),
        (EffectiveSettings(limit=60), EffectiveSettings(limit=59), False),
        (EffectiveSettings(), EffectiveSettings(limit=60), False),
        (EffectiveSettings(attempts=1), EffectiveSettings(attempts=2), True),
        (EffectiveSettings(attempts=1), EffectiveSettings(attempts=0), True),
        (EffectiveSettings(attempts=2), EffectiveSettings(attempts=1), False),
        (EffectiveSettings(attempts=0), EffectiveSettings(attempts=1), False),
        (
            EffectiveSettings(opens=NOON, closes=SOON, limit=60, attempts=1),
            EffectiveSettings(opens=NOON, closes=SOON, limit=60, attempts=1),
            False,
        ),
        (EffectiveSettings(closes=SOON, attempts=1), EffectiveSettings(closes=NOON, attempts=2), True),
    ],
)
def test_what_is_kinder_is_seen_setting_by_setting(*, before: EffectiveSettings, after: EffectiveSettings, kinder: bool) -> None:
    """spec/quiz-engine 5.10.1: earlier opening, later closing, more time, more attempts; none of them where there was no bound."""
    assert is_kinder(after, before) is kinder


F, M, P, B = ReviewFlag, ReviewMoment, ReviewPreset, Behaviour
ALL = frozenset(ReviewFlag)
BASE = frozenset({F.ATTEMPT, F.MAX_MARKS})
RESULT = frozenset({F.MAX_MARKS, F.MARKS, F.OVERALL})
AT_ONCE = BASE | {F.CORRECTNESS, F.SPECIFIC, F.GENERAL}


@pytest.mark.parametrize(
    ("seconds", "closes", "moment"),
    [
        (0, None, M.AFTER),
        (119, None, M.AFTER),
        (120, None, M.LATER),
        (10**7, None, M.LATER),
        (60, 60, M.CLOSED),
        (60, 61, M.AFTER),
        (300, 200, M.CLOSED),
        (150, 200, M.LATER),
    ],
)
def test_the_moment_follows_submission_and_close_date(seconds: int, closes: int | None, moment: ReviewMoment) -> None:
    """spec/quiz-engine 5.9: immediately after (2 minutes), later while open, after close; no close date ⇒ never closed."""
    close_date = None if closes is None else NOON + timedelta(seconds=closes)

    assert moment_of(NOON, close_date, now=NOON + timedelta(seconds=seconds)) is moment


def test_before_submission_it_is_during() -> None:
    assert moment_of(None, NOON, now=NOON + timedelta(days=1)) is M.DURING


@pytest.mark.parametrize(
    ("preset", "after", "closed"),
    [
        (P.PRACTICE, ALL, ALL),
        (P.LEARNING, ALL - {F.RIGHT_ANSWER}, ALL),
        (P.EXAM, RESULT, ALL - {F.RIGHT_ANSWER}),
        (P.HIDDEN, frozenset(), RESULT),
    ],
)
def test_presets_after_submission(preset: ReviewPreset, after: frozenset[ReviewFlag], closed: frozenset[ReviewFlag]) -> None:
    """spec/content-format 9: practice, learning, exam, hidden."""
    shown = [flags_for(ReviewOptions(preset), moment, B.DEFERRED) for moment in (M.AFTER, M.LATER, M.CLOSED)]

    assert shown == [after, after, closed]


@pytest.mark.parametrize("preset", ReviewPreset)
def test_the_words_of_a_preset_say_what_it_shows(preset: ReviewPreset) -> None:
    """In the form of a quiz and among the differences of versions (spec/content-format 9)."""
    after, closed = (flags_for(ReviewOptions(preset), moment, B.DEFERRED) for moment in (M.AFTER, M.CLOSED))
    facts = {
        "everything": after == closed == ALL,
        "marks and feedback": after == ALL - {F.RIGHT_ANSWER},
        "marks only": after == RESULT,
        "nothing until": not after,
        "; the right answers once": F.RIGHT_ANSWER in closed - after,
        "all but the right answers": closed == ALL - {F.RIGHT_ANSWER},
        "and then the marks": not after and closed == RESULT,
    }
    choices = next(field.choices for _title, fields in GROUPS for field in fields if field.name == "review.preset")

    with reading("en"):
        labels = (str(dict(choices)[preset]), SETTINGS.values[preset])
    for words in labels:
        assert {part for part in facts if part in words.lower()} == {part for part, fact in facts.items() if fact}, words


@pytest.mark.parametrize("behaviour", [B.IMMEDIATE, B.INTERACTIVE, B.ADAPTIVE])
def test_behaviours_that_answer_at_once_show_feedback_during(behaviour: Behaviour) -> None:
    """spec/content-format 9: during shows attempt, max_marks and, with feedback at once, correctness, specific, general."""
    assert flags_for(ReviewOptions(P.EXAM), M.DURING, behaviour) == AT_ONCE
    assert flags_for(ReviewOptions(P.PRACTICE), M.DURING, behaviour) == ALL


@pytest.mark.parametrize("behaviour", [B.DEFERRED, B.CERTAINTY])
@pytest.mark.parametrize("review", [*(ReviewOptions(preset) for preset in P), ReviewOptions(overrides={M.DURING: tuple(ReviewFlag)})])
def test_other_behaviours_show_no_result_during(behaviour: Behaviour, review: ReviewOptions) -> None:
    """spec/quiz-engine 5.9: during only with immediate-type behaviours."""
    assert flags_for(review, M.DURING, behaviour) == BASE


def test_an_override_replaces_the_flags_of_its_moment() -> None:
    """spec/content-format 9: `closed: [attempt, marks]`, `[]` for nothing."""
    review = ReviewOptions(P.PRACTICE, {M.CLOSED: (F.ATTEMPT, F.MARKS), M.LATER: (), M.DURING: ()})

    assert flags_for(review, M.CLOSED, B.DEFERRED) == {F.ATTEMPT, F.MARKS}
    assert flags_for(review, M.LATER, B.DEFERRED) == frozenset()
    assert flags_for(review, M.AFTER, B.DEFERRED) == ALL
    assert flags_for(review, M.DURING, B.IMMEDIATE) == {F.ATTEMPT}


def test_without_the_attempt_nothing_of_its_questions_is_shown() -> None:
    """spec/quiz-engine 5.9: if attempt is off, everything else about questions is off; totals and overall feedback stay."""
    review = ReviewOptions(overrides={M.LATER: tuple(ALL - {F.ATTEMPT})})

    assert flags_for(review, M.LATER, B.DEFERRED) == RESULT


@given(st.sampled_from(P), st.sampled_from(M), st.sampled_from(B))
def test_staff_always_see_all(preset: ReviewPreset, moment: ReviewMoment, behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.9: instructors always see all."""
    assert flags_for(ReviewOptions(preset), moment, behaviour, Reader.EDITOR) == ALL


@given(st.sampled_from(P), st.sampled_from(M), st.sampled_from(B))
def test_graders_see_what_the_learner_sees_but_nothing_of_the_key(preset: ReviewPreset, moment: ReviewMoment, behaviour: Behaviour) -> None:
    """spec/security 9, quiz.view_answers: whoever edits the course sees keys, its graders never."""
    shown = flags_for(ReviewOptions(preset), moment, behaviour, Reader.GRADER)

    assert shown == flags_for(ReviewOptions(preset), moment, behaviour) - {F.RIGHT_ANSWER, F.SPECIFIC, F.GENERAL, F.SOURCE}


def test_a_question_shows_its_feedback_once_checked_and_its_solution_once_locked() -> None:
    """spec/quiz-engine 5.9: right answers are not there before their time."""
    fresh, checked, locked = QuestionProgress(), QuestionProgress(checked=True), QuestionProgress(checked=True, locked=True)

    assert flags_for_item(ALL, M.DURING, fresh) == BASE | {F.OVERALL}
    assert flags_for_item(ALL, M.DURING, checked) == BASE | {F.OVERALL, F.CORRECTNESS, F.MARKS, F.SPECIFIC}
    assert flags_for_item(ALL, M.DURING, locked) == ALL
    assert flags_for_item(ALL, M.LATER, fresh) == ALL


def test_answers_may_be_taken_along_once_marks_are_visible() -> None:
    """spec/quiz-engine 5.9: a learner may always download what they answered once marks are visible."""
    assert may_download_answers(RESULT)
    assert may_download_answers(BASE)
    assert not may_download_answers(frozenset({F.OVERALL}))


@pytest.mark.parametrize(
    ("preset", "behaviour", "early"), [(P.LEARNING, B.DEFERRED, False), (P.PRACTICE, B.DEFERRED, True), (P.EXAM, B.ADAPTIVE, False)]
)
def test_a_key_that_shows_early_is_found(preset: ReviewPreset, behaviour: Behaviour, *, early: bool) -> None:
    """spec/content-format C506."""
    assert shows_key_early(ReviewOptions(preset), behaviour) is early


@pytest.mark.parametrize("flag", [ReviewFlag.RIGHT_ANSWER, ReviewFlag.SPECIFIC, ReviewFlag.GENERAL])
def test_whatever_tells_the_key_is_found_before_the_close_and_after_it(flag: ReviewFlag) -> None:
    """spec/selection 0.2: right answers, explanations, feedback on answers."""
    nothing: dict[str, tuple[ReviewFlag, ...]] = dict.fromkeys(ReviewMoment, (ReviewFlag.ATTEMPT, ReviewFlag.MARKS))
    early, closed = (ReviewOptions(overrides={**nothing, moment: (ReviewFlag.ATTEMPT, flag)}) for moment in (M.LATER, M.CLOSED))

    assert (explains_early(early, B.DEFERRED), shows_key_closed(early)) == (True, False)
    assert (explains_early(closed, B.DEFERRED), shows_key_closed(closed)) == (False, True)


@pytest.mark.parametrize(("behaviour", "early"), [(B.DEFERRED, False), (B.IMMEDIATE, True)])
def test_what_is_explained_while_answering_is_early(behaviour: Behaviour, *, early: bool) -> None:
    """spec/selection 0.2: only where a behaviour gives feedback at once."""
    review = ReviewOptions(overrides={**dict.fromkeys(ReviewMoment, ()), M.DURING: (ReviewFlag.GENERAL,)})

    assert explains_early(review, behaviour) is early


FREE, SEQUENTIAL = Navigation.FREE, Navigation.SEQUENTIAL


@pytest.mark.parametrize(
    ("navigation", "requested", "shown"),
    [
        (FREE, 1, 1),
        (FREE, 4, 4),
        (FREE, 0, 1),
        (FREE, -3, 1),
        (FREE, 9, 4),
        (SEQUENTIAL, 2, 2),
        (SEQUENTIAL, 3, 3),
        (SEQUENTIAL, 1, 2),
        (SEQUENTIAL, 4, 2),
        (SEQUENTIAL, 0, 2),
    ],
)
def test_every_request_for_a_page_leads_to_one(navigation: Navigation, requested: int, shown: int) -> None:
    """spec/quiz-engine 5.5, 5.14.8: four pages, the second reached; never an error."""
    assert page_to_show(navigation, requested, current=2, pages=4) == shown


def test_after_the_last_page_there_is_none() -> None:
    assert page_to_show(SEQUENTIAL, 5, current=4, pages=4) == 4


def a_paper(*needs_previous: bool) -> AttemptLayout:
    """Lay out a question, a description and one question for each flag."""
    text = SlotEntry((Candidate("texto", 9, numbered=False),))
    rest = [SlotEntry((Candidate(f"q{at}", at),), require_previous=needs) for at, needs in enumerate(needs_previous)]
    layout = lay_out([SlotEntry((Candidate("primera", 8),)), text, *rest], 1, seen={})
    assert isinstance(layout, AttemptLayout)
    return layout


def test_a_question_waits_until_the_one_before_is_finished() -> None:
    """spec/quiz-engine 5.5: require-previous slots are locked until the previous is finished; descriptions do not count."""
    items = a_paper(True, True, False).items

    assert locked_places(items, set(), Behaviour.IMMEDIATE) == {3, 4}
    assert locked_places(items, {1}, Behaviour.IMMEDIATE) == {4}
    assert locked_places(items, {1, 3}, Behaviour.INTERACTIVE) == frozenset()
    assert locked_places(items, {3}, Behaviour.INTERACTIVE) == {3, 4}


def test_the_first_question_never_waits() -> None:
    first = replace(a_paper().items[0], require_previous=True)

    assert locked_places([first], set(), Behaviour.IMMEDIATE) == frozenset()


@pytest.mark.parametrize("behaviour", [Behaviour.DEFERRED, Behaviour.CERTAINTY])
def test_other_behaviours_lock_nothing(behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.5: only with immediate/interactive behaviour."""
    assert locked_places(a_paper(True).items, set(), behaviour) == frozenset()


def test_the_summary_tells_answered_from_unanswered_and_unreadable_but_not_right_from_wrong() -> None:
    """spec/quiz-engine 5.5: not yet answered / answer saved / invalid."""
    right, wrong, none = (summary_state(marked(a_single(), SingleChoiceAnswer(key))) for key in ("a", "b", ""))

    assert (right, wrong, none) == (SummaryState.SAVED, SummaryState.SAVED, SummaryState.NOT_ANSWERED)
    assert summary_state(marked(a_numerical(("1", "1")), NumberAnswer("x"))) is SummaryState.INVALID
    assert summary_state(marked(some_gaps(), GapsAnswer({"cubierta": "x", "nombre": "brecha"}))) is SummaryState.INVALID
    assert summary_state(marked(EssayBody(), EssayAnswer("Hola"))) is SummaryState.SAVED
    assert summary_state(marked(a_short(), TextAnswer("Hola"))) is SummaryState.SAVED


@pytest.mark.parametrize("body", [*every_body(), DescriptionBody()], ids=lambda body: type(body).__name__)
def test_a_version_can_always_be_marked_again_by_itself(body: Body) -> None:
    """spec/quiz-engine 5.11.2 (a): same version."""
    assert can_regrade(a_question(body), replace(a_question(body), text=es("Otro")))


def _rekeyed_matching() -> Body:
    body = a_matching()
    return replace(body, extra=(KeyedLabel("zz", es("Z")),))


@pytest.mark.parametrize(
    ("answered", "other"),
    [
        (a_single(), MultipleChoiceBody(a_single().options)),
        (a_single(), a_single(an_option("a", "1"), an_option("b"))),
        (a_single(), a_single(an_option("a", "1"), an_option("b"), an_option("d"))),
        (a_matching(), _rekeyed_matching()),
        (a_matching(), replace(a_matching(), pairs=a_matching().pairs[:2])),
        (an_ordering(3), an_ordering(4)),
        (a_matrix(), replace(a_matrix(), rows=a_matrix().rows[:2])),
        (a_matrix(), replace(a_matrix(), columns=a_matrix().columns[:1])),
        (some_gaps(), replace(some_gaps(), gaps=some_gaps().gaps[:2])),
        (dragged_gaps(), replace(dragged_gaps(), choices=dragged_gaps().choices[:2])),
        (GapsBody((Gap("a", a_single()),)), GapsBody((Gap("a", a_short(("a", "1"))),))),
        (GapsBody((Gap("a", a_single()),)), GapsBody((Gap("a", a_single(an_option("a", "1"), an_option("x"))),))),
        (GapsBody((Gap("a", a_numerical(("1", "1"))),)), GapsBody((Gap("a", a_short(("1", "1"))),))),
    ],
)
def test_another_structure_is_refused(answered: Body, other: Body) -> None:
    """spec/quiz-engine 5.11.2 (b): only if structure is compatible: same kind, same keys; never by position."""
    assert not can_regrade(a_question(answered), a_question(other))


@pytest.mark.parametrize(
    ("answered", "other"),
    [
        (a_single(), a_single(an_option("c", "1"), an_option("a"), an_option("b"))),
        (TrueFalseBody(answer=True), TrueFalseBody(answer=False)),
        (a_numerical(("1", "1")), a_numerical(("2", "1"), ("1", "0"))),
        (an_ordering(3), replace(an_ordering(3), items=an_ordering(3).items[::-1])),
    ],
)
def test_a_corrected_key_is_compatible(answered: Body, other: Body) -> None:
    """spec/quiz-engine 5.11.2 (b): what is right may change, and so may the order."""
    assert can_regrade(a_question(answered), a_question(other))


@pytest.mark.parametrize(
    ("policy", "old", "new", "holds"),
    [
        (RegradePolicy.REPLACE, "1", "0", "0"),
        (RegradePolicy.REPLACE, "1", None, None),
        (RegradePolicy.KEEP_BEST, "1", "0", "1"),
        (RegradePolicy.KEEP_BEST, "0", "1/2", "1/2"),
        (RegradePolicy.KEEP_BEST, "1", None, "1"),
        (RegradePolicy.KEEP_BEST, "1/2", "1/2", "1/2"),
        (RegradePolicy.KEEP_BEST, None, "0", "0"),
        (RegradePolicy.ONLY_RAISE, "1", "0", "0"),
    ],
)
def test_the_policy_decides_which_mark_holds(policy: RegradePolicy, old: str | None, new: str | None, holds: str | None) -> None:
    """spec/quiz-engine 5.11.3: keep best / replace / only raise."""
    values = [None if value is None else f(value) for value in (old, new, holds)]

    assert regraded(policy, values[0], values[1]) == values[2]
