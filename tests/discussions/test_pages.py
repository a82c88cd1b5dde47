"""The pages of boards, threads and posts, from asking to answering, moderating and withdrawing."""

import re
from io import BytesIO

from sqlalchemy import select

from accounts.models import Notification, Person
from discussions import own_data
from discussions.models import Board, FirstPosts, PostDraft, Thread, ThreadPost
from discussions.own_data import own_tables
from lms.instance import Instance
from tests.support.boards import NOON, a_board, a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.wording import in_spanish


def posts_of(instance: Instance) -> list[ThreadPost]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(ThreadPost).order_by(ThreadPost.id)))


def test_a_question_is_asked_answered_and_accepted(browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person) -> None:
    asks = sign_in(browser)
    assert in_spanish("There are no threads here yet") in asks.get(f"/discussions/boards/{board.key}").text
    asks.get(f"/discussions/new/{board.key}")
    values = {"title": "¿Qué es la cotización?", "text": "No encuentro **cuánto** se paga.", "kind": "question"}
    page = asks.submit(f"/discussions/new/{board.key}", values, button=("act", "publish"))
    assert "¿Qué es la cotización?" in page.text
    assert "<strong>cuánto</strong>" in page.html
    [first] = posts_of(instance)

    answers = sign_in(browser.another(), "mod.jefa@example.org")
    answers.get(f"/discussions/posts/{first.key}")
    thread = answers.path.partition("#")[0].rpartition("/")[2]
    page = answers.submit(f"/discussions/{thread}/answer", {"text": "El 9,45 % del sueldo."}, button=("act", "publish"))
    assert "El 9,45 % del sueldo." in page.text
    asks.deliver_jobs()
    assert "¿Qué es la cotización?" in asks.get("/notices").text

    asks.get(f"/discussions/{thread}")
    second = posts_of(instance)[1]
    page = asks.submit(f"/discussions/posts/{second.key}/acceptance")
    assert in_spanish("Accepted answer") in page.text
    assert asks.get(f"/discussions/boards/{board.key}").text.count("¿Qué es la cotización?") == 1


def test_what_is_refused_is_a_draft_with_the_reason(browser: Browser, instance: Instance, board: Board, ana: Person) -> None:
    asks = sign_in(browser)
    asks.get(f"/discussions/new/{board.key}")
    page = asks.submit(f"/discussions/new/{board.key}", {"title": "Ay", "text": "Un texto largo."}, button=("act", "publish"))
    assert "5 a 150 caracteres" in page.text
    assert "Un texto largo." in page.html
    assert posts_of(instance) == []
    page = asks.submit(f"/discussions/new/{board.key}", {"title": "Ahora sí"}, button=("act", "publish"))
    assert len(posts_of(instance)) == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PostDraft)).all() == []


def test_moderating_hides_with_a_reason_and_shows_again(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    first = a_thread(instance, board, ana)
    rude = an_answer(instance, first, a_person(instance, "luis@example.org", given="Luis"), "Una grosería.")
    reports = sign_in(browser)
    reports.get(f"/discussions/posts/{rude.key}/report")
    reports.submit(f"/discussions/posts/{rude.key}/report", {"report_class": "off_topic", "note": "Ofende."})

    judge = sign_in(browser.another(), "mod.jefa@example.org")
    assert "Ofende." in judge.get(f"/discussions/boards/{board.key}/moderation").text
    hiding = judge.get(f"/discussions/posts/{rude.key}/hide")
    assert dict(hiding.form("/hide").fields)["hide_class"] == "off_topic", "as it was reported"
    judge.get(f"/discussions/posts/{first.key}/hide")
    page = judge.submit("/hide", {"reason": "No viene al caso."}, status=422)
    assert in_spanish("Choose one.") in page.text, "no kind is chosen before a moderator chooses one"
    judge.get(f"/discussions/posts/{rude.key}/hide")
    judge.submit(f"/discussions/posts/{rude.key}/hide", {"hide_class": "offensive", "reason": "Insulta a otra persona."})
    assert "Una grosería." not in reports.get(f"/discussions/posts/{rude.key}").text
    judge.deliver_jobs()
    assert in_spanish("The post that you reported was reviewed: it was hidden.") in reports.get("/notices").text
    judge.get(f"/discussions/posts/{rude.key}")
    judge.submit(f"/discussions/posts/{rude.key}/showing")
    assert "Una grosería." in reports.get(f"/discussions/posts/{rude.key}").text
    for address in ("log", "moderation"):
        judge.get(f"/discussions/boards/{board.key}/{address}")


def test_locking_pinning_and_retitling(browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person) -> None:
    first = a_thread(instance, board, ana)
    with instance.database.unit_of_work(write=False) as session:
        key = session.get_one(Thread, first.thread_id).key
    judge = sign_in(browser, "mod.jefa@example.org")
    judge.get(f"/discussions/{key}/moderation")
    judge.submit(f"/discussions/{key}/pin", button=("pinned", "yes"))
    assert "Fijado" in judge.get(f"/discussions/boards/{board.key}").text
    judge.get(f"/discussions/{key}/moderation")
    judge.submit(f"/discussions/{key}/title", {"title": "Otro título"})
    judge.get(f"/discussions/{key}/moderation")
    judge.submit(f"/discussions/{key}/lock", {"reason": "Ya se respondió."}, button=("locked", "yes"))
    asks = sign_in(browser.another())
    page = asks.get(f"/discussions/{key}")
    assert "Ya se respondió." in page.text
    assert not any(form.action.endswith("/answer") for form in page.forms)


def test_an_author_edits_withdraws_and_restores(browser: Browser, instance: Instance, board: Board, ana: Person) -> None:
    first = a_thread(instance, board, ana, text="Primera versión.")
    asks = sign_in(browser)
    asks.get(f"/discussions/posts/{first.key}/edit")
    page = asks.submit(f"/discussions/posts/{first.key}/edit", {"text": "Segunda versión."}, button=("act", "publish"))
    assert "Segunda versión." in page.text
    assert "Primera versión." in asks.get(f"/discussions/posts/{first.key}/history").text
    asks.get(f"/discussions/posts/{first.key}/withdraw")
    asks.submit(f"/discussions/posts/{first.key}/withdraw")
    page = asks.get(f"/discussions/posts/{first.key}")
    asks.submit(f"/discussions/posts/{first.key}/restoration")
    assert "Segunda versión." in asks.get(f"/discussions/posts/{first.key}").text
    for address in ("/learning/discussions", "/learning/drafts"):
        asks.get(address)
    asks.post(f"/discussions/boards/{board.key}/level", {"level": "muted"})
    asks.post(f"/discussions/boards/{board.key}/read")
    asks.post("/learning/discussions/read")


def test_moderators_alone_see_a_report_and_who_made_it(
    browser: Browser, instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    """What the page of a report promises."""
    rude = an_answer(instance, a_thread(instance, board, ana), luis, "Una grosería.")
    reports = sign_in(browser)
    page = reports.get(f"/discussions/posts/{rude.key}/report")
    assert in_spanish("The moderators alone see your report and your name; the author does not.") in page.text
    reports.submit(f"/discussions/posts/{rude.key}/report", {"report_class": "offensive", "note": "Palabra zaguanera."})
    author, judge = sign_in(browser.another(), luis.email), sign_in(browser.another(), marta.email)
    queue, log = f"/discussions/boards/{board.key}/moderation", f"/discussions/boards/{board.key}/log"
    shown = judge.get(queue).text
    assert "Palabra zaguanera." in shown
    assert ana.full_name in shown
    assert "zaguanera" not in judge.get(log).text
    assert in_spanish("Reported a post") not in judge.page.text
    for path in (f"/discussions/posts/{rude.key}", "/notices", f"/discussions/boards/{board.key}"):
        assert "zaguanera" not in author.get(path).text
    author.get(queue, status=403)
    with instance.database.unit_of_work(write=False) as session:
        assert "zaguanera" not in str(own_tables(session, luis.id, now=NOON))


def test_what_is_muted_is_listed_and_turned_on_again_where_it_is(
    browser: Browser, instance: Instance, board: Board, ana: Person, luis: Person
) -> None:
    thread = a_thread(instance, board, luis, "¿Cómo se cuenta?")
    reader = sign_in(browser)
    reader.get(f"/discussions/posts/{thread.key}")
    path = reader.path.partition("#")[0]
    reader.post(f"{path}/level", {"level": "muted"})
    reader.post(f"/discussions/boards/{board.key}/level", {"level": "silent"})
    listed = reader.get("/profile/notices")
    assert in_spanish("You get no notifications of these discussions:") in listed.text
    page = reader.submit(f"/discussions/boards/{board.key}/level")
    assert reader.path == "/profile/notices"
    page = reader.submit(f"{path}/level")
    assert in_spanish("You get no notifications of these discussions:") not in page.text
    assert luis.full_name not in page.text


def test_each_part_has_a_draft_of_its_own_with_its_files_and_mentions(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    """A question about a part is published about that part, whatever drafts there are."""
    writer = sign_in(browser)
    addresses = [f"/discussions/new/{board.key}", f"/discussions/new/{board.key}?anchor_kind=heading&anchor_key=uno&anchor_part=a"]
    for number, address in enumerate(addresses):
        writer.get(address)
        values = {"title": f"Título {number}", "text": f"Texto {number}.", "mentions": str(marta.uuid)}
        writer.submit(address.partition("?")[0], values, button=("act", "draft"))
    for number, address in enumerate(addresses):
        page = writer.get(address)
        assert f"Texto {number}." in page.html
        assert re.search(rf'value="{marta.uuid}"[^>]*checked|checked[^>]*value="{marta.uuid}"', page.html)
    listed = writer.get("/learning/drafts")
    assert listed.has_link(addresses[1])
    writer.get(addresses[1])
    writer.submit(f"/discussions/new/{board.key}", button=("act", "publish"))
    with instance.database.unit_of_work(write=False) as session:
        thread = session.scalars(select(Thread)).one()
        [draft] = session.scalars(select(PostDraft)).all()
    assert (thread.anchor_kind, thread.anchor_key, thread.anchor_part) == ("heading", "uno", "a")
    assert draft.title == "Título 0"


def test_a_first_post_shows_its_files_and_notifies_once_it_is_released(
    browser: Browser, instance: Instance, ana: Person, luis: Person, marta: Person
) -> None:
    board = a_board(instance, first_posts=FirstPosts.ALL)
    thread = a_thread(instance, board, marta)
    writer, judge = sign_in(browser), sign_in(browser.another(), marta.email)
    writer.get(f"/discussions/posts/{thread.key}")
    path = writer.path.partition("#")[0]
    values = {"text": "Mire esto.", "mentions": str(marta.uuid), "act": "publish", "token": "x"}
    values |= {"file": (BytesIO(b"Cuentas."), "cuentas.txt")}
    writer.post(f"{path}/answer", values, content_type="multipart/form-data")
    writer.deliver_jobs()
    assert in_spanish("You were mentioned.") not in judge.get("/notices").text
    queue = judge.get(f"/discussions/boards/{board.key}/moderation")
    assert "cuentas.txt" in queue.text
    post = posts_of(instance)[1]
    judge.submit(f"/discussions/posts/{post.key}/release")
    judge.deliver_jobs()
    assert in_spanish("You were mentioned.") in judge.get("/notices").text
    assert in_spanish("A post waits for a moderator") not in judge.page.text
    assert in_spanish("A moderator published your post") in writer.get("/notices").text
    assert judge.get(f"/discussions/boards/{board.key}/log").has_link(f"/discussions/posts/{post.key}")
    with instance.database.unit_of_work(write=False) as session:
        [(file, _sha)] = own_data.list_own_files(session, ana.id)
    assert file == f"files/{post.key}/1-cuentas.txt"


def test_an_accepted_answer_names_who_accepted_it(browser: Browser, instance: Instance, board: Board, ana: Person, luis: Person) -> None:
    answer = an_answer(instance, a_thread(instance, board, ana), luis)
    asks = sign_in(browser)
    asks.get(f"/discussions/posts/{answer.key}")
    asks.submit(f"/discussions/posts/{answer.key}/acceptance")
    asks.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        texts = [row.words["es"] for row in session.scalars(select(Notification).where(Notification.person_id == luis.id))]
    assert [ana.full_name in text for text in texts if in_spanish("Your answer was accepted.") in text] == [True]


def test_a_locked_thread_leads_to_no_thread_that_is_gone(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    old, new = a_thread(instance, board, ana), a_thread(instance, board, ana, "Aquí sigue todo")
    with instance.database.unit_of_work() as session:
        target = session.get_one(Thread, new.thread_id)
        row = session.get_one(Thread, old.thread_id)
        row.locked_at, row.lock_reason, row.continued_id = NOON, "Es muy largo.", target.id
    reader = sign_in(browser, marta.email)
    assert "Aquí sigue todo" in reader.get(f"/discussions/posts/{old.key}").text
    with instance.database.unit_of_work() as session:
        session.get_one(Thread, new.thread_id).state = "withdrawn"
    assert "Aquí sigue todo" not in reader.get(f"/discussions/posts/{old.key}").text


def test_a_card_drawn_once_is_as_each_reader_sees_it_now(
    browser: Browser, instance: Instance, board: Board, ana: Person, luis: Person, marta: Person
) -> None:
    """Cards that are alike are kept between requests: nothing of one reader, language, zone or moment is in another's."""
    first = a_thread(instance, board, ana)
    answer = an_answer(instance, first, luis, "Primera versión.")
    post = f"/discussions/posts/{answer.key}"
    reads = sign_in(browser, luis.email)
    others = [sign_in(browser.another(), person.email) for person in (ana, marta)]
    own_page = reads.get(post)
    asker, moderator = (visitor.get(post) for visitor in others)
    assert f"{post}/edit" in own_page.html
    assert f"{post}/report" not in own_page.html
    assert f"{post}/edit" not in asker.html
    assert f"{post}/report" in asker.html
    assert f"{post}/hide" in moderator.html
    assert f"{post}/hide" not in asker.html
    tokens = [set(re.findall(r'name="csrf_token" value="([^"]+)"', page.html)) for page in (own_page, asker, moderator)]
    assert all(len(own) == 1 for own in tokens), "a form has the token of another session"
    assert len(set.union(*tokens)) == 3

    reader = a_person(instance, "ruth@example.org", given="Ruth")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, reader.id).language = "en"
    english = sign_in(browser.another("en"), reader.email)
    assert "Report this post" in english.get(post).html
    reads.get(f"{post}/edit")
    reads.submit(f"{post}/edit", {"text": "Segunda versión."}, button=("act", "publish"))
    with instance.database.unit_of_work() as session:
        session.get_one(Person, luis.id).given_names = "Luciano"
    page = others[0].get(post)
    assert "Segunda versión." in page.text
    assert "Primera versión." not in page.text
    assert "Luciano" in page.text
    an_answer(instance, first, luis, "Otra.")
    with instance.database.unit_of_work() as session:
        session.get_one(Thread, first.thread_id).accepted = answer.number
    assert in_spanish("Accepted answer") in others[0].get(post).text
