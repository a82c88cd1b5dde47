"""The promises of spec/communities, section 3, that need no page: each test names its rule."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Notification, Person
from accounts.names import GONE
from discussions import boards, drafts, jobs, moderation, own_data, posts, subscriptions, threads
from discussions.boards import TooManyCategories
from discussions.drafts import DraftSlot, DraftText
from discussions.models import (
    Board,
    BoardState,
    FirstPosts,
    HideClass,
    Level,
    PostDraft,
    PostRevision,
    PostState,
    Subscription,
    Thread,
    ThreadPost,
)
from discussions.moderation import AlreadyReported, PostDecided
from discussions.posts import PostGone, ThreadLocked
from discussions.threads import ThreadFilter, ThreadQuery, TitleMissing, TooManyPinned
from kernel import outbox
from kernel.audit import AuditEntry
from kernel.errors import OwnRecord
from kernel.row_versions import RowWasChanged
from kernel.search.index import SearchDocument, SearchEntry
from lms.instance import Instance
from tests.support.boards import NOON, a_board, a_thread, actor_of, an_answer
from tests.support.builders import a_person
from tests.support.soon import until
from tests.support.wording import in_spanish

TODAY = NOON.date()


def deliver(instance: Instance, *, days: int = 0) -> None:
    outbox.deliver_waiting(instance.worker, now=NOON + timedelta(days=days))


def thread_of(instance: Instance, post: ThreadPost) -> Thread:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Thread, post.thread_id)


def bell_of(instance: Instance, person: Person) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return [row.kind for row in notices.list_notices(session, person.id, offset=0, limit=50)]


def indexed(instance: Instance) -> set[str]:
    with instance.database.unit_of_work(write=False) as session:
        return set(session.scalars(select(SearchEntry.place).where(SearchEntry.collection == posts.COLLECTION)))


def judge(instance: Instance, judge_of: Person, post: ThreadPost, *, version: int = 1, hides: bool = True) -> None:
    with instance.database.unit_of_work() as session:
        actor = actor_of(judge_of)
        context = boards.get_post(session, actor, post.key)
        hide_class = HideClass.OFFENSIVE if hides else None
        moderation.decide(session, actor, context, hide_class=hide_class, reason="Ofende.", version=version, now=NOON)


def withdraw(instance: Instance, person: Person, post: ThreadPost) -> None:
    with instance.database.unit_of_work() as session:
        actor = actor_of(person)
        posts.withdraw_post(session, actor, boards.get_post(session, actor, post.key), now=NOON)


def new_of(instance: Instance, person: Person) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return sum(subscriptions.count_new(session, actor_of(person), now=NOON + timedelta(days=1)).values())


def test_d1_a_board_is_off_until_it_is_turned_on_and_settings_act_at_once(instance: Instance, ana: Person, marta: Person) -> None:
    board = a_board(instance, state=BoardState.OFF)
    with instance.database.unit_of_work() as session:
        assert not session.scalars(boards.select_readable(session, actor_of(ana))).all()
        assert session.scalars(boards.select_readable(session, actor_of(marta))).all() == [board.id]
        changed = boards.change_settings(
            session,
            actor_of(marta),
            session.get_one(Board, board.id),
            state=BoardState.OPEN,
            first_posts=FirstPosts.NONE,
            mail_text=False,
            categories=["Dudas", " Dudas ", ""],
            now=NOON,
        )
        session.flush()
        assert changed
        assert session.get_one(Board, board.id).categories == ("Dudas",)
        assert session.scalars(boards.select_readable(session, actor_of(ana))).all() == [board.id]
        with pytest.raises(TooManyCategories):
            boards.change_settings(
                session,
                actor_of(marta),
                session.get_one(Board, board.id),
                state=BoardState.OPEN,
                first_posts=FirstPosts.NONE,
                mail_text=False,
                categories=[str(number) for number in range(13)],
                now=NOON,
            )
    deliver(instance)
    assert bell_of(instance, ana) == []


def test_d10_numbers_grow_and_are_never_given_again(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    first = a_thread(instance, board, ana)
    second = an_answer(instance, first, luis)
    withdraw(instance, luis, second)
    third = an_answer(instance, first, luis, "Otra respuesta.")
    assert (second.number, third.number) == (2, 3)
    row = thread_of(instance, first)
    assert (row.posts, row.last_number, row.shown_number) == (2, 3, 3)


def test_d12_a_question_has_one_accepted_answer_which_goes_when_it_is_hidden(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    first = a_thread(instance, board, ana)
    answers = [an_answer(instance, first, luis, text) for text in ("Una.", "Dos.")]
    for answer in answers:
        with instance.database.unit_of_work() as session:
            actor = actor_of(ana)
            posts.accept_answer(session, actor, boards.get_post(session, actor, answer.key), accepted=True, now=NOON)
    assert thread_of(instance, first).accepted == 3
    deliver(instance)
    assert "mention" in bell_of(instance, luis)
    judge(instance, marta, answers[1])
    assert thread_of(instance, first).accepted is None


def test_d17_a_form_sent_twice_makes_one_post(instance: Instance, board: Board, ana: Person) -> None:
    first, again = a_thread(instance, board, ana), a_thread(instance, board, ana)
    assert first.id == again.id
    answers = [an_answer(instance, first, ana, "Aclaro.") for _time in range(2)]
    assert answers[0].id == answers[1].id
    assert thread_of(instance, first).posts == 2


@pytest.mark.parametrize("title", ["", "Ay", " \u0301\u0301 ", "x" * 151, "¡¿…!?  "])
def test_a_title_without_letters_or_of_another_length_is_refused(instance: Instance, board: Board, ana: Person, title: str) -> None:
    with pytest.raises(TitleMissing):
        a_thread(instance, board, ana, title)


def test_d18_first_posts_of_new_accounts_wait_and_are_released(instance: Instance, ana: Person, luis: Person, marta: Person) -> None:
    board = a_board(instance, first_posts=FirstPosts.ALL)
    first = a_thread(instance, board, ana)
    deliver(instance)
    assert first.state == PostState.WAITING
    assert indexed(instance) == set()
    assert "moderation" in bell_of(instance, marta)
    with instance.database.unit_of_work() as session:
        rows = threads.list_threads(session, actor_of(luis), board.id, ThreadQuery(), today=TODAY, offset=0)
        assert rows == []
        assert threads.list_threads(session, actor_of(ana), board.id, ThreadQuery(), today=TODAY, offset=0) != []
        actor = actor_of(marta)
        moderation.show(session, actor, boards.get_post(session, actor, first.key), version=1, now=NOON)
    deliver(instance)
    assert indexed(instance) == {first.key}


def test_d21_every_edit_keeps_the_former_text_and_is_shown_late_or_after_answers(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    first = a_thread(instance, board, ana, text="Uno.")
    actor = actor_of(ana)

    def edit(text: str, version: int, minutes: int) -> None:
        with instance.database.unit_of_work() as session:
            context = boards.get_post(session, actor, first.key)
            posts.edit_post(session, actor, context, text, version=version, now=NOON + timedelta(minutes=minutes))

    edit("Dos.", 1, 2)
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(ThreadPost, first.id).edited_at is None
    an_answer(instance, first, luis)
    edit("Tres.", 2, 3)
    with pytest.raises(RowWasChanged):
        edit("Cuatro.", 2, 4)
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(ThreadPost, first.id)
        assert (row.source, row.edited_after_answers, row.edited_at is not None) == ("Tres.", True, True)
        assert [revision.source for revision in posts.list_revisions(session, first.id)] == ["Uno.", "Dos."]


def test_d22_what_is_withdrawn_can_be_restored_for_thirty_days_and_is_erased_then(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    first = a_thread(instance, board, ana)
    answer = an_answer(instance, first, luis)
    deliver(instance)
    assert indexed(instance) == {first.key, answer.key}
    assert "answer" in bell_of(instance, ana)
    withdraw(instance, luis, answer)
    assert indexed(instance) == {first.key}
    assert bell_of(instance, ana) == []
    with instance.database.unit_of_work() as session:
        actor = actor_of(luis)
        posts.restore_post(session, actor, boards.get_post(session, actor, answer.key), now=NOON + timedelta(days=29))
    deliver(instance, days=29)
    assert indexed(instance) == {first.key, answer.key}
    withdraw(instance, luis, answer)
    with instance.database.unit_of_work() as session:
        actor = actor_of(luis)
        with pytest.raises(PostGone):
            posts.restore_post(session, actor, boards.get_post(session, actor, answer.key), now=NOON + timedelta(days=31))
    with instance.database.unit_of_work() as session:
        assert posts.erase_withdrawn(session, NOON + timedelta(days=30), now=NOON) == 1
        row = session.get_one(ThreadPost, answer.id)
        session.refresh(row)
        assert (row.source, row.html, row.state) == ("", "", PostState.ERASED.value)


def test_d22_a_first_post_takes_its_thread_along_where_nobody_else_wrote(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    alone, answered = a_thread(instance, board, ana, "Sola en el hilo"), a_thread(instance, board, ana, "Con respuesta")
    an_answer(instance, answered, luis)
    withdraw(instance, ana, alone)
    withdraw(instance, ana, answered)
    assert thread_of(instance, alone).state == PostState.WITHDRAWN
    assert thread_of(instance, answered).state == PostState.VISIBLE


def test_d23_hiding_takes_bells_search_and_new_marks_back_in_its_transaction(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    first = a_thread(instance, board, ana)
    rude = an_answer(instance, first, luis, "Una grosería.")
    deliver(instance)
    assert new_of(instance, ana) == 1
    judge(instance, marta, rude)
    assert (indexed(instance), new_of(instance, ana), bell_of(instance, ana)) == ({first.key}, 0, [])
    with instance.database.unit_of_work() as session:
        actor = actor_of(luis)
        context = boards.get_post(session, actor, rude.key)
        with pytest.raises(PostGone):
            posts.edit_post(session, actor, context, "Otra.", version=2, now=NOON)


def test_d24_locking_takes_no_posts_and_each_act_is_in_the_log_without_text(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    first = a_thread(instance, board, ana, text="Secreto del texto.")
    with instance.database.unit_of_work() as session:
        actor = actor_of(marta)
        threads.lock(
            session,
            actor,
            boards.get_thread(session, actor, thread_of(instance, first).key),
            "Ya está.",
            continued="",
            is_locked=True,
            now=NOON,
        )
    with pytest.raises(ThreadLocked):
        an_answer(instance, first, luis)
    with instance.database.unit_of_work(write=False) as session:
        log = moderation.list_log(session, actor_of(marta), board.id, offset=0, limit=50)
        assert [row.AuditEntry.verb for row in log] == ["thread.locked", "thread.opened"]
        assert not [entry for entry in session.scalars(select(AuditEntry)) if "Secreto" in entry.facts]


def test_at_most_five_threads_are_pinned_and_a_past_last_day_no_longer_counts(
    instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    actor = actor_of(marta)
    firsts = [a_thread(instance, board, ana, f"Hilo número {number}") for number in range(7)]

    def pin(first: ThreadPost, days: int) -> None:
        with instance.database.unit_of_work() as session:
            context = boards.get_thread(session, actor, thread_of(instance, first).key)
            until = TODAY + timedelta(days=days) if days else None
            threads.pin_thread(session, actor, context, until, is_pinned=True, today=TODAY, now=NOON)

    pin(firsts[0], -1)
    for first in firsts[1:6]:
        pin(first, 0)
    with pytest.raises(TooManyPinned):
        pin(firsts[6], 0)
    with instance.database.unit_of_work(write=False) as session:
        rows = threads.list_threads(session, actor, board.id, ThreadQuery(), today=TODAY, offset=0)
        assert [row.is_pinned for row in rows] == [True] * 5 + [False] * 2


def test_d26_d27_reports_are_once_a_person_and_one_decision_closes_all(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    first = a_thread(instance, board, ana)
    rude = an_answer(instance, first, luis, "Una grosería.")
    other = a_person(instance, "eva@example.org", given="Eva")
    for person in (ana, other):
        with instance.database.unit_of_work() as session:
            actor = actor_of(person)
            moderation.report_post(session, actor, boards.get_post(session, actor, rude.key), HideClass.OFFENSIVE, "Ofende", now=NOON)
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        context = boards.get_post(session, actor, rude.key)
        with pytest.raises(AlreadyReported):
            moderation.report_post(session, actor, context, HideClass.OTHER, "", now=NOON)
    with instance.database.unit_of_work(write=False) as session:
        assert moderation.count_waiting(session, actor_of(marta), [board.id])[board.id][1] == 1
    judge(instance, marta, rude, hides=False)
    deliver(instance)
    assert ("moderation" in bell_of(instance, ana), "moderation" in bell_of(instance, luis)) == (True, False)
    with instance.database.unit_of_work(write=False) as session:
        assert moderation.list_queue(session, actor_of(marta), board.id) == []
        assert session.get_one(ThreadPost, rude.id).state == PostState.VISIBLE


def test_d26_whoever_wrote_a_post_learns_nothing_of_its_reports_where_they_moderate(
    instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    """Not in the queue, its count, the hiding page or the log, before the decision and after it."""
    helper = a_person(instance, "mod.luz@example.org", given="Luz")
    rude = an_answer(instance, a_thread(instance, board, ana), helper, "Una grosería.")
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        moderation.report_post(session, actor, boards.get_post(session, actor, rude.key), HideClass.OFFENSIVE, "Ofende", now=NOON)

    def learns(who: Person) -> tuple[int, int, int, int]:
        with instance.database.unit_of_work(write=False) as session:
            actor = actor_of(who)
            counts = moderation.count_waiting(session, actor, [board.id])
            queue, reports = moderation.list_queue(session, actor, board.id), moderation.list_reports(session, actor, [rude.id])
            log = moderation.list_log(session, actor, board.id, offset=0, limit=50)
            return len(queue), len(reports), len(counts), sum(row.AuditEntry.verb.startswith("post.") for row in log)

    assert (learns(marta), learns(helper)) == ((1, 1, 1, 0), (0, 0, 0, 0))
    judge(instance, marta, rude, hides=False)
    assert (learns(marta), learns(helper)) == ((0, 0, 0, 1), (0, 0, 0, 0))


def test_d28_nobody_judges_their_own_post_and_the_second_decision_reads_who_took_the_first(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    helper = a_person(instance, "mod.luz@example.org", given="Luz")
    first = a_thread(instance, board, ana)
    of_helper, rude = an_answer(instance, first, helper, "De Luz."), an_answer(instance, first, luis, "Grosería.")
    for judge_of, post in ((helper, of_helper), (helper, an_answer(instance, first, marta, "De Marta."))):
        with pytest.raises(OwnRecord):
            judge(instance, judge_of, post)
    judge(instance, marta, of_helper)
    judge(instance, helper, rude)
    with pytest.raises(PostDecided, match="Luz"):
        judge(instance, marta, rude)


def test_d29_only_readers_are_mentioned_and_unticking_takes_the_bell_back(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    outsider = a_person(instance, "fuera@otro.example", given="Fuera")
    first = a_thread(instance, board, ana)
    for mentioned, unticked, expected in (([luis.id, outsider.id, ana.id], [], ["mention"]), ([], [], ["mention"]), ([], [luis.id], [])):
        with instance.database.unit_of_work() as session:
            posts.announce(session, first, mentioned, unticked, now=NOON)
        deliver(instance)
        assert bell_of(instance, luis) == expected
    assert bell_of(instance, outsider) == []
    with instance.database.unit_of_work(write=False) as session:
        offered = boards.list_mentionable(session, actor_of(ana), board.id, first.thread_id)
        assert [person.email for person in offered] == []


@pytest.mark.parametrize(("level", "expected"), [(Level.MUTED, ["mention"]), (Level.SILENT, [])])
def test_d30_muted_wins_over_all_but_a_mention(
    instance: Instance, board: Board, ana: Person, luis: Person, level: Level, expected: list[str]
) -> None:
    first = a_thread(instance, board, ana)
    with instance.database.unit_of_work() as session:
        subscriptions.choose_level(session, ana.id, board.id, level)
    answer = an_answer(instance, first, luis)
    with instance.database.unit_of_work() as session:
        posts.announce(session, answer, [ana.id], now=NOON)
    deliver(instance)
    assert bell_of(instance, ana) == expected
    assert new_of(instance, ana) == 0


def test_d32_marking_all_as_read_brings_the_count_to_nought(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    first = a_thread(instance, board, ana)
    an_answer(instance, first, luis)
    a_thread(instance, board, luis, "Otro hilo más")
    assert (new_of(instance, ana), new_of(instance, luis)) == (2, 0)
    with instance.database.unit_of_work() as session:
        subscriptions.mark_all_read(session, actor_of(ana), now=NOON + timedelta(hours=1))
    assert new_of(instance, ana) == 0


def test_d35_who_no_longer_reads_gets_nothing_more_of_what_was_written_before(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    first = a_thread(instance, board, ana)
    an_answer(instance, first, luis)
    deliver(instance)
    assert bell_of(instance, ana) == ["answer"]
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == ana.id).values(email="ana@otro.example"))
    assert bell_of(instance, ana) == []
    with instance.database.unit_of_work(write=False) as session:
        mine = Notification.person_id == ana.id
        assert session.scalars(select(Notification.kind).where(mine)).all() == ["answer"]


def test_d14_drafts_are_one_for_each_place_and_of_boards_that_cannot_be_read_any_more(
    instance: Instance, board: Board, ana: Person
) -> None:
    first = a_thread(instance, board, ana)
    with instance.database.unit_of_work() as session:
        thread, actor = session.get_one(Thread, first.thread_id), actor_of(ana)
        for slot in (DraftSlot(board), DraftSlot(board, thread), DraftSlot(board, thread)):
            drafts.keep_draft(session, actor, slot, DraftText("Texto\u202e con\x00 signos"), reason="No se pudo.", now=NOON)
        rows = session.scalars(select(PostDraft)).all()
        assert [row.source for row in rows] == ["Texto con signos"] * 2
        session.execute(update(Person).where(Person.id == ana.id).values(email="ana@otro.example"))
        session.flush()
        assert [row.is_readable for row in drafts.list_drafts(session, actor)] == [False, False]


@pytest.mark.parametrize("answer", ["keep", "withdraw"])
def test_r3_erasing_an_account_keeps_the_texts_or_withdraws_all(
    instance: Instance, board: Board, ana: Person, luis: Person, marta: Person, answer: str
) -> None:
    """Withdrawn so, the texts are gone at once: nobody could restore them, and no moderator reads them any longer."""
    first = a_thread(instance, board, luis, "La nota de Luis", "Un ajolote.")
    an_answer(instance, first, ana)
    an_answer(instance, first, luis, "Otro ajolote.")
    deliver(instance)
    judge(instance, marta, an_answer(instance, first, ana, "Una grosería."))
    an_answer(instance, a_thread(instance, board, ana, "De Ana"), luis, "Un axolote.")
    deliver(instance)
    with instance.database.unit_of_work() as session:
        assert luis.full_name in str(session.scalars(select(Notification.words)).all())
        own_data.follow_answer(session, luis.id, answer, now=NOON)
    with instance.database.unit_of_work(write=False) as session:
        thread = session.get_one(Thread, first.thread_id)
        rows = session.scalars(select(ThreadPost).where(ThreadPost.thread_id == thread.id).order_by(ThreadPost.number)).all()
        subjects = str([(row.subject, row.words) for row in session.scalars(select(Notification))])
    assert luis.full_name not in subjects
    assert (in_spanish("From %(name)s.", name=" ".join(GONE)) in subjects) is (answer == "keep")
    gone = answer == "withdraw"
    assert [row.state for row in rows] == (["erased", "visible", "erased"] if gone else ["visible"] * 3) + ["hidden"]
    assert ("ajolote" in str([(row.source, row.html) for row in rows])) is not gone
    assert (thread.title == "La nota de Luis") is not gone
    assert ("La nota de Luis" in subjects) is not gone


def test_r2_the_copy_of_ones_data_has_ones_own_and_no_text_of_others(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    first = a_thread(instance, board, ana, text="De Ana, versión uno.")
    an_answer(instance, first, luis, "De Luis, secreto.")
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        posts.edit_post(session, actor, boards.get_post(session, actor, first.key), "De Ana, versión dos.", version=1, now=NOON)
        drafts.keep_draft(session, actor, DraftSlot(board), DraftText("Borrador de Ana."), now=NOON)
    with instance.database.unit_of_work(write=False) as session:
        tables = own_data.own_tables(session, ana.id, now=NOON)
    text = str(tables)
    assert all(part in text for part in ("versión uno", "versión dos", "Borrador de Ana", "¿Cómo se cuenta?"))
    assert "secreto" not in text


def test_r4_merging_keeps_the_higher_read_mark_and_muting(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    first = a_thread(instance, board, ana)
    with instance.database.unit_of_work() as session:
        thread = session.get_one(Thread, first.thread_id)
        subscriptions.choose_level(session, luis.id, board.id, Level.MUTED, thread_id=thread.id)
        subscriptions.note_visit(session, luis.id, board.id, now=NOON)
        session.flush()
        subscriptions.merge_marks(session, luis.id, ana.id)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Subscription)).all()
        assert [(row.person_id, row.level, row.read_number) for row in rows] == [(ana.id, "muted", 1)]


def test_the_list_counts_and_filters_what_its_reader_may_read(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    a_thread(instance, board, ana, "Una pregunta sola")
    a_thread(instance, board, luis, "Un debate de Luis", kind="discussion", category="")
    with instance.database.unit_of_work(write=False) as session:
        counts = threads.count_filters(session, actor_of(ana), board.id)
        assert (counts[None], counts[ThreadFilter.MINE], counts[ThreadFilter.UNANSWERED]) == (2, 1, 1)
        rows = threads.list_threads(session, actor_of(ana), board.id, ThreadQuery(ThreadFilter.MINE), today=TODAY, offset=0)
        assert [row.Thread.title for row in rows] == ["Una pregunta sola"]
        alike = threads.list_alike(session, actor_of(luis), board.id, "una pregunta solo")
        assert [row.title for row in alike] == ["Una pregunta sola"]
        assert session.scalars(select(PostRevision)).all() == []


def test_d23_a_bell_quotes_no_answer_that_is_hidden(instance: Instance, board: Board, ana: Person, luis: Person, marta: Person) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).values(mail_text=True))
    first = a_thread(instance, board, ana)
    an_answer(instance, first, luis, "Una buena.")
    rude = an_answer(instance, first, luis, "Una grosería.")
    deliver(instance)

    def words() -> list[str]:
        with instance.database.unit_of_work(write=False) as session:
            return [row.words["es"] for row in session.scalars(select(Notification).where(Notification.person_id == ana.id))]

    assert ["grosería" in text for text in words()] == [True]
    judge(instance, marta, rude)
    assert ["grosería" in text for text in words()] == [False]


def test_d29_an_edit_notifies_nobody_again_of_an_answer_that_was_read(instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    first = a_thread(instance, board, ana)
    an_answer(instance, first, luis)
    second = an_answer(instance, first, luis, "Otra.")
    deliver(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Notification).values(read_at=NOON))
        posts.announce(session, session.get_one(ThreadPost, second.id), (), now=NOON, is_edit=True)
    deliver(instance)
    assert bell_of(instance, ana) == ["answer"]


def test_d22_a_withdrawn_thread_leaves_the_search_whole(instance: Instance, board: Board, ana: Person) -> None:
    first = a_thread(instance, board, ana)
    more = an_answer(instance, first, ana, "Aclaro.")
    deliver(instance)
    assert indexed(instance) == {first.key, more.key}
    withdraw(instance, ana, first)
    assert indexed(instance) == set()
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        posts.restore_post(session, actor, boards.get_post(session, actor, first.key), now=NOON)
    deliver(instance)
    assert indexed(instance) == {first.key, more.key}


def test_d14_two_who_have_each_written_a_draft_of_a_thread_do_not_wait_for_each_other(
    instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    """A draft refers to its thread; whoever gives numbers to posts meanwhile does not wait for it."""
    first = a_thread(instance, board, ana)

    def keep(session: Session, person: Person) -> None:
        slot = DraftSlot(session.get_one(Board, board.id), session.get_one(Thread, first.thread_id))
        drafts.keep_draft(session, actor_of(person), slot, DraftText("Mi respuesta."), now=NOON)

    def answer() -> None:
        with instance.database.unit_of_work() as session:
            keep(session, luis)
            posts.lock_thread(session, first.thread_id)

    if instance.database.is_sqlite:
        pytest.skip("SQLite lets one write at a time")
    with ThreadPoolExecutor(1) as other, instance.database.unit_of_work() as session:
        keep(session, ana)
        doing = other.submit(answer)
        until(doing.done, seconds=10)
    doing.result()


@pytest.mark.parametrize("by_thread", [False, True])
def test_a_post_hidden_while_it_is_indexed_is_not_found(
    instance: Instance, board: Board, ana: Person, marta: Person, monkeypatch: pytest.MonkeyPatch, by_thread: bool
) -> None:
    first = a_thread(instance, board, ana)
    if by_thread:
        deliver(instance)
        with instance.database.unit_of_work() as session:
            actor = actor_of(marta)
            threads.retitle(session, actor, boards.get_thread(session, actor, key_of(instance, first)), "Otro título", "", now=NOON)
    make_entry, hidden = jobs.entry_of, list[int]()

    def hide_meanwhile(thread: Thread, post: ThreadPost) -> SearchDocument:
        entry = make_entry(thread, post)
        if not hidden:
            hidden.append(post.id)
            judge(instance, marta, first)
        return entry

    monkeypatch.setattr(jobs, "entry_of", hide_meanwhile)
    deliver(instance)

    assert hidden == [first.id]
    assert indexed(instance) == set()


def key_of(instance: Instance, post: ThreadPost) -> str:
    """Return the key of a post's thread."""
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Thread, post.thread_id).key
