"""The discussions feature, as the application registers it."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.computed_notices import COMPUTED_NOTICES
from accounts.joining import RESUMED
from accounts.notices import MUTES, NOTICE_KINDS
from accounts.people import COMPUTED_UNREAD
from discussions import boards, drafts, jobs, moderation, own_data, posts, subscriptions, threads, whats_new
from discussions.access import PERMISSIONS
from discussions.models import Board, Thread, ThreadPost
from discussions.notices import KINDS
from discussions.views import moderating, reading, writing
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in
from kernel.permissions import Actor
from kernel.personal import ERASURE_QUESTIONS, ERASURES, OWN_FILES, OWN_RESULTS, RETENTION, TRANSFERS, RetentionRule
from kernel.search.index import SearchDocument
from kernel.search.results import ResultGroup
from kernel.search.sources import SEARCH_COLLECTIONS, SEARCH_KINDS, CollectionKind, Located, ResultKind


def _list_needed(session: Session) -> set[int]:
    statement = select(Thread.board_id).join(ThreadPost, ThreadPost.thread_id == Thread.id).where(*jobs.is_indexed(session.info)).distinct()
    return set(session.scalars(statement))


def _list_entries(session: Session, board_id: int) -> Iterable[tuple[int | None, SearchDocument]]:
    statement = (
        select(Thread, ThreadPost)
        .join(ThreadPost, ThreadPost.thread_id == Thread.id)
        .where(Thread.board_id == board_id, *jobs.is_indexed(session.info))
    )
    for row in session.execute(statement.order_by(ThreadPost.id)):
        yield row.Thread.id, jobs.entry_of(row.Thread, row.ThreadPost)


def _locate(session: Session, actor: Actor, groups: Sequence[ResultGroup]) -> Mapping[ResultGroup, Located]:
    readable = threads.describe(session, [group.part for group in groups if group.part], actor)
    owners = {
        board.id: board for board in session.scalars(select(Board).where(Board.id.in_({thread.board_id for thread in readable.values()})))
    }
    places = {number: boards.owner_page_of(session, board) for number, board in owners.items()}
    return {
        group: Located("/discussions/posts/", thread.title, places[thread.board_id].title)
        for group in groups
        if (thread := readable.get(group.part or 0))
    }


COLLECTION = CollectionKind(posts.COLLECTION, _list_needed, _list_entries, boards.select_readable, _locate)
RULES = (
    RetentionRule("keep_withdrawn_posts_days", N_("Posts that their author withdrew: text, former texts and files"), None),
    RetentionRule("keep_post_drafts_days", N_("Drafts of posts"), drafts.forget_drafts_before),
    RetentionRule("keep_post_reports_days", N_("Reports of posts, after the decision"), moderation.forget_reports_before),
    RetentionRule("keep_board_reads_days", N_("When a person last looked at a board"), subscriptions.forget_reads_before),
)
FEATURE = Feature(
    name="discussions",
    blueprints=(reading.bp, writing.bp, moderating.bp),
    permissions=PERMISSIONS,
    menu=(MenuEntry(Menu.SEARCH, "discussions.followed", N_("My discussions"), position=61, icon="messages-square", is_for=is_signed_in),),
    patient=(jobs.ANNOUNCE,),
    jobs={
        "discussions.follow_post": jobs.follow_post,
        jobs.ANNOUNCE: jobs.notify_announcement,
        "discussions.index_thread": jobs.index_thread,
        "discussions.notify_moderators": jobs.notify_moderators,
        "discussions.notify_accepted": jobs.notify_accepted,
        "discussions.notify_released": jobs.notify_released,
        "discussions.notify_decision": jobs.notify_decision,
        "discussions.remove_content": jobs.remove_content,
        "discussions.erase_withdrawn": jobs.erase_withdrawn,
    },
    periodic={"discussions.erase_withdrawn": 86_400},
    help={
        "learner/discussions#ask": "discussions.board discussions_writing.new discussions_writing.own_drafts",
        "learner/discussions#answer": "discussions.thread discussions.post discussions.open_to_all discussions_writing.answer",
        "learner/discussions#follow": "discussions.followed",
        "learner/discussions#change": "discussions_writing.edit discussions.withdraw discussions.history",
        "learner/discussions#report": "discussions_moderation.report",
        "instructor/discussions#queue": "discussions_moderation.queue discussions_moderation.hide discussions_moderation.log",
        "instructor/discussions#thread": "discussions_moderation.thread_acts",
    },
    hooks=(
        NOTICE_KINDS.add(*KINDS),
        MUTES.add(subscriptions.MUTES),
        RESUMED.add(writing.keep_resumed),
        COMPUTED_NOTICES.add(whats_new.COMPUTED),
        COMPUTED_UNREAD.add(whats_new.UNREAD),
        OWN_RESULTS.add(own_data.own_tables),
        OWN_FILES.add(own_data.list_own_files),
        ERASURE_QUESTIONS.add(own_data.ERASURE_QUESTION),
        ERASURES.add(drafts.erase_drafts),
        TRANSFERS.add(subscriptions.merge_marks, drafts.move_drafts),
        RETENTION.add(*RULES),
        SEARCH_COLLECTIONS.add(COLLECTION),
        SEARCH_KINDS.add(ResultKind("post", N_("Discussions"), "messages-square", order=60)),
    ),
)
