"""Whatever is typed into any field of any form: never a failure of the server, and every page shows it as the text that it is."""

from __future__ import annotations

import csv
import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import uuid4
from zipfile import ZipFile

import pytest
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter

from kernel.web.forms import Form
from kernel.web.request import FIELD_LIMIT
from lms.instance import Instance
from tests.support import naughty, sizes
from tests.support.browser import Browser
from tests.support.builders import a_person, a_zip, folder, sign_in
from tests.support.editions import an_edition
from tests.support.fake_provider import FakeProvider
from tests.support.lessons import a_picture
from tests.support.offices import a_course_at_work
from tests.support.shared import needs_shared
from tests.support.situations_of_federation import a_link
from tests.support.walked import WALKED
from tests.support.walking import LEAVE, Found, Walk, plain_addresses

LAST = re.compile(
    r"remov|delet|archiv|discard|suspen|[._]end|clos|stop|withdraw|cancel|revo|reset|replace|role|merge|password|restor|undo|unmark|take_"
    r"|commit|team|retire|leav"
)
"""What would take away things that others need is sent at the end."""
MOST = 8
"""Fields of a form that are tried alone; what comes after them repeats (options of a question, rows of a table)."""
GOOD: Mapping[str, Mapping[str, str]] = {
    "courses_lessons.lesson": {"do": "save"},
    "enrolments_announcements.announcements": {"heading": "Aviso", "words": "Texto"},
    "enrolments_messages.message": {"heading": "Aviso", "words": "Texto"},
    "enrolments_results.write_note": {"words": "Anotación"},
    "enrolments_results.override": {"score": "50", "reason": "Motivo"},
    "enrolments_grading.new_item": {"heading": "Examen oral", "maximum": "10", "weight": "1"},
    "enrolments_roster.upload": {"addresses": "persona.0@example.org"},
    "notes.of_activity": {"text": "Apunte"},
    "quizzes_time.add": {"minutes": "30", "reason": "Motivo"},
    "organisations.make_institution": {"name": "Instituto"},
    "organisations.add_place": {"name": "Unidad"},
    "organisations_institutions.name_administrator": {"member-email": "nadie@example.org"},
    "certificates_templates.create": {"key": "plantilla"},
}
"""What a form needs besides what it shows, so that it is accepted."""
OF_ITS_OWN = {"/verify/offline.html": Counter(["<meta http-equiv='Content-Security-Policy'>", "<noscript>", "<script {}>", "<style>"])}
"""What a page that stands without its site brings with it, each once (spec/certificates V6)."""


UPLOADS: Mapping[str, tuple[str, bytes]] = {
    "standards.upload": ("preguntas.gift", b"::Una:: Cuanto es dos mas dos? {=cuatro ~cinco}"),
    "courses_folders.upload": ("curso.zip", a_zip(folder(modules=1))),
    "courses_folders.upload_new": ("curso.zip", a_zip(folder("nuevo", modules=1))),
    "organisations_institutions.set_logo": ("logo.png", a_picture()),
    "organisations_loads.loads": ("personas.csv", b"correo,nombres,apellidos\nuna@example.org,Una,Persona\n"),
}


class Site:
    """An instance full of work, and the visitors who walk through it."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        work = a_course_at_work(instance)
        an_edition(instance, work.course)
        self.browser = browser
        self.forms: dict[str, tuple[Walk, Found]] = {}
        self.worked: set[str] = set()
        self.faults: set[str] = set()
        plain = plain_addresses(browser.app)
        a_person(instance, "nadie@example.org")
        a_link(instance, a_person(instance, "vinculada@example.org").id)
        self.walks = [
            self._walk("", "/", *plain),
            self._walk("nadie@example.org", "/courses/prueba", *plain),
            self._walk("persona.4@example.org", "/learning", "/profile", "/", *plain),
            self._walk(
                "admin@example.org", "/teaching", "/administration", *plain, *work.pages().values(), *work.administration().values()
            ),
        ]

    def _walk(self, email: str, *starts: str) -> Walk:
        visitor = self.browser.another()
        visitor.checks = False
        return Walk(sign_in(visitor, email) if email else visitor, *starts)

    def open_all(self) -> None:
        """Let every visitor open everything, judge the pages, and note the form of each route that is met for the first time."""
        for walk in self.walks:
            for endpoint, form in walk.open_all().items():
                if endpoint not in LEAVE:
                    self.forms.setdefault(endpoint, (walk, form))
            for path, text in walk.pages.items():
                self.judge(path, text)

    def judge(self, where: str, text: str) -> None:
        """Note what a page holds that we did not write."""
        found = Counter(naughty.faults(text)) - OF_ITS_OWN.get(where, Counter())
        self.faults |= {f"{where}: {fault}" for fault in found}

    def work_once(self) -> bool:
        """Send each form that was not sent yet as it is meant, so that there is more to see; return whether there was one."""
        new = [endpoint for endpoint in self.forms if endpoint not in self.worked and not LAST.search(endpoint)]
        for endpoint in new:
            walk, form = self.forms[endpoint]
            good, files = GOOD.get(endpoint, {}), {form.files[0]: UPLOADS[endpoint]} if endpoint in UPLOADS else None
            walk.send(form, good, files)
            if walk.is_stale:
                walk.send(walk.again(form), good, files)
            for second in walk.answered:
                if second.endpoint and second.endpoint not in LEAVE:
                    self.forms.setdefault(second.endpoint, (walk, second))
        self.worked.update(new)
        return bool(new)

    def everything(self) -> list[tuple[str, Walk, Found]]:
        """Return the forms with the routes they lead to, those that take away at the end."""
        listed = sorted(self.forms.items(), key=lambda item: (bool(LAST.search(item[0])), item[0]))
        return [(endpoint, walk, form) for endpoint, (walk, form) in listed]

    def fill(self, endpoint: str, names: Sequence[str], words: Sequence[str], first: int = 0) -> None:
        """Send a form with harm in some of its fields, and once more as its page shows it now where something had changed."""
        walk, form = self.forms[endpoint]
        typed = {**GOOD.get(endpoint, {}), **{name: words[(first + at) % len(words)] for at, name in enumerate(names)}}
        self.judge(f"POST {endpoint}", walk.send(form, typed))
        if walk.is_stale:
            self.forms[endpoint] = (walk, walk.again(form))
            self.judge(f"POST {endpoint}", walk.send(self.forms[endpoint][1], typed))

    @property
    def wrong(self) -> list[str]:
        """Return every failure of the server and every page with something foreign."""
        return [*sorted(self.faults), *(fault for walk in self.walks for fault in walk.wrong)]


@pytest.fixture
def site(browser: Browser, instance: Instance) -> Iterator[Site]:
    """Return a site on which everything that can be met was met, with an identity provider that answers."""
    with FakeProvider().answering():
        site = Site(browser, instance)
        site.open_all()
        while site.work_once():
            site.open_all()
        yield site


def test_the_judge_sees_what_was_not_escaped() -> None:
    assert naughty.faults('<p class="muted">fine &lt;xss-was-here&gt;</p>') == []
    for text in (
        naughty.MARK,
        "<p onclick=x>",
        "<p style=x>",
        "<script>x</script>",
        "<a href='javascript:x'>",
        "<iframe src=/>",
        "<img src=//e.example/x>",
    ):
        assert naughty.faults(text), text


@pytest.mark.slow
def test_the_walk_meets_every_form_that_it_is_said_to_meet(site: Site) -> None:
    """`test_hostile_situations.py` holds that nothing else is left. Let the walk see more where it fails, or write a situation."""
    assert WALKED - set(site.forms) == set()
    assert not site.wrong


@pytest.mark.long
def test_no_field_of_any_form_lets_harm_through(site: Site) -> None:
    """spec/security 4.1, 4.2 and 3.5: every field alone beside right ones, then all fields of a form at once."""
    sharp = naughty.SHARPEST
    for at, (endpoint, _walk, form) in enumerate(site.everything()):
        for place, name in enumerate((*form.typed[:MOST], *form.hidden[:MOST])):
            site.fill(endpoint, [name], sharp, at + place)
        site.fill(endpoint, form.typed, sharp[:1])
    site.open_all()

    assert not site.wrong
    assert len(site.forms) > 100
    assert formulas_in(site) == []


@pytest.mark.slow
def test_no_route_fails_for_what_stands_in_its_address_or_its_fields(browser: Browser, instance: Instance) -> None:
    """Routes whose forms need something rare are sent every name of every form, with addresses that mean harm."""
    boss = Site(browser, instance).walks[-1]
    names = sorted({name for kind in all_forms() for name in vars(kind) if hasattr(getattr(kind, name), "field_class")})
    token = dict(next(iter(boss.open_all(most=1).values())).values)["csrf_token"]
    wrong = []
    for at, rule in enumerate(browser.app.url_map.iter_rules()):
        words = naughty.SHARPEST[at % len(naughty.SHARPEST)].encode("utf-8", "replace")
        fields = dict.fromkeys(names[: FIELD_LIMIT - 1], words) | {"csrf_token": token}
        for method, sent in (("GET", {"query_string": dict.fromkeys(("q", "page", "show", "sort"), words)}), ("POST", {"data": fields})):
            if method in (rule.methods or ()) and rule.endpoint not in LEAVE:
                status = boss.browser._request(method, address_of(browser, rule, words.decode()), **sent).status_code
                wrong += [f"{method} {rule}: {status}"] if status >= 500 else []

    assert len(names) > 100
    assert not wrong


def all_forms(kind: type[Form] = Form) -> set[type[Form]]:
    """Return every form of the product."""
    return {found for below in kind.__subclasses__() for found in {below, *all_forms(below)}}


def address_of(browser: Browser, rule: Rule, words: str) -> str:
    """Return an address of a route, with harm in each of its parts that takes words."""
    given: dict[str, object] = {}
    for name, converter in rule._converters.items():
        is_number, is_identifier = isinstance(converter, IntegerConverter), isinstance(converter, UUIDConverter)
        few = re.findall(r"[\w-]+", converter.regex) if isinstance(converter, AnyConverter) else []
        given[name] = 2**63 if is_number else uuid4() if is_identifier else few[0] if few else words[:60]
    if "slug" in given:
        given["slug"] = "prueba"
    return str(browser.app.url_map.bind("localhost").build(rule.endpoint, given))


def formulas_in(site: Site) -> list[str]:
    """Return the cells of all downloads that a spreadsheet would compute."""
    cells = [
        (path, cell)
        for walk in site.walks
        for path, content in walk.others.items()
        for table in tables(path.partition("?")[0], content)
        for row in table
        for cell in row
    ]
    assert len(cells) > 100
    return [f"{path}: {cell!r}" for path, cell in cells if re.match(r"[=+@|%\t\r\n＝＋－＠]|-(?!\d[\d.]*(,\d+)?$)", cell)]


def tables(name: str, content: bytes) -> list[list[tuple[str, ...]]]:
    """Return the tables of a download in CSV as words; a workbook says itself which cells are computed: none."""
    if name.endswith(".csv"):
        return [[tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter(content))]]
    if name.endswith(".xlsx"):
        assert not [entry for entry, xml in entries(content) if b"<f>" in xml or b"<f " in xml]
        return []
    if name.endswith(".ods"):
        assert not [entry for entry, xml in entries(content) if b"table:formula" in xml]
    return []


def entries(content: bytes) -> list[tuple[str, bytes]]:
    """Return the files of an archive."""
    with ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def delimiter(content: bytes) -> str:
    """Return what divides the cells of a CSV file."""
    first = content.decode("utf-8-sig").splitlines()[0] if content else ""
    return ";" if first.count(";") > first.count(",") else ","


@pytest.mark.slow
@needs_shared
@pytest.mark.shared
def test_strings_and_files_of_the_shared_folder_do_no_harm(site: Site) -> None:
    """spec/security 4: two strings of each list in every form; bombs, entities, links,
    drawings that run in every field that takes a file.
    """
    words = naughty.a_sample(2)
    for at, (endpoint, _walk, form) in enumerate(site.everything()):
        if form.typed:
            for first in range(0, len(words), max(len(form.typed), 6)):
                site.fill(endpoint, form.typed, words, first + at)
    takes = [(endpoint, walk, form) for endpoint, walk, form in site.everything() if form.files]
    for endpoint, walk, form in takes:
        for name, content in naughty.files().items():
            page = walk.send(form, GOOD.get(endpoint, {}), {form.files[0]: (f"../{name}", content)})
            site.judge(f"POST {endpoint} {name}", page)
    site.open_all()

    assert len(takes) >= 5
    assert not site.wrong
    assert formulas_in(site) == []


@pytest.mark.long
@needs_shared
@pytest.mark.shared
def test_many_strings_of_the_shared_lists_do_no_harm(site: Site, say: Callable[[str], None]) -> None:
    """`FAULT_STRINGS` of each list, every one of them once in every form that does not take away."""
    words, sent, began = naughty.a_sample(sizes.STRINGS), 0, time.monotonic()
    for endpoint, _walk, form in site.everything():
        for first in range(0, len(words) if form.typed and not LAST.search(endpoint) else 0, max(len(form.typed), 1)):
            site.fill(endpoint, form.typed, words, first)
            sent += 1
    site.open_all()

    say(f"{len(words)} strings in {len(site.forms)} forms: {sent} times sent in {time.monotonic() - began:.0f} s, {len(site.wrong)} faults")

    assert not site.wrong
    assert formulas_in(site) == []
