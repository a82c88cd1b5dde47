"""House rules of the code that no tool checks: each is a function from a module to what breaks it, by line."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from typing import Any, TypeVar

Fault = tuple[int, str]
Check = Callable[["Source"], Iterator[Fault]]
Node = TypeVar("Node", bound=ast.AST)

DOORS: dict[str, tuple[str, ...]] = {
    "alembic": ("kernel/migrations.py",),
    "argon2": ("accounts/passwords.py",),
    "asn1crypto": ("certificates/sealing.py",),
    "babel": ("kernel/i18n.py", "scripts/translations.py"),
    "PIL": ("kernel/pictures.py",),
    "bs4": ("kernel/markup/foreign.py", "kernel/markup/foreign.py", "kernel/markup/foreign.py"),
    "brotli": ("kernel/web/assets.py",),
    "cryptography": ("kernel/crypto.py", "kernel/keys.py", "kernel/keys.py"),
    "defusedxml": ("standards/xml.py",),
    "email_validator": ("accounts/rules.py",),
    "flask_login": ("accounts/signin.py",),
    "flask_wtf": ("kernel/web/forms.py", "kernel/web/sessions.py", "kernel/web/errors.py"),
    "gunicorn": ("lms/serve.py", "lms/gunicorn_worker.py"),
    "http.client": ("kernel/outgoing.py",),
    "huey": ("lms/worker.py",),
    "icalendar": ("kernel/ical.py",),
    "importlib.import_module": ("kernel/by_name.py",),
    "idna": ("kernel/mail.py",),
    "itsdangerous": ("kernel/crypto.py", "kernel/web/sessions.py", "kernel/web/sessions.py"),
    "joserfc": ("kernel/jose.py",),
    "jinja2": ("kernel/web/templating.py", "kernel/documents.py"),
    "lark": ("standards/gift/read.py",),
    "latex2mathml": ("kernel/markup/render_state.py",),
    "limits": ("kernel/web/limits.py", "kernel/web/limit_file.py"),
    "lxml": ("standards/xml.py", "kernel/pdf/drawings.py"),
    "markdown": ("kernel/markup/*.py",),
    "markdownify": ("kernel/markup/foreign.py",),
    "markupsafe": ("kernel/web/assets.py",),
    "obstore": ("kernel/files.py",),
    "prometheus_client": ("lms/metrics.py",),
    "redis": ("kernel/redis.py",),
    "nh3": ("kernel/markup/sanitise.py",),
    "openpyxl": ("kernel/tables.py",),
    "pyotp": ("accounts/second_factor.py",),
    "pydantic": ("kernel/settings.py",),
    "pydantic_settings": ("kernel/settings.py",),
    "pymdownx": ("kernel/markup/*.py",),
    "reportlab": ("kernel/pdf/*.py",),
    "ruamel": ("kernel/yaml_tree.py",),
    "segno": ("kernel/pdf/pen.py", "accounts/second_factor.py"),
    "smtplib": ("kernel/mail.py",),
    "rapidfuzz": ("kernel/search/results.py",),
    "snowballstemmer": ("kernel/search/index.py",),
    "svglib": ("kernel/pdf/drawings.py",),
    "structlog": ("kernel/*.py", "*/jobs.py", "lms/gunicorn_worker.py"),
    "urllib.request": (),
    "webauthn": ("accounts/second_factor.py",),
    "webvtt": ("webinars/content.py", "webinars/captions.py"),
    "werkzeug": ("kernel/web/*.py", "lms/app.py"),
    "wtforms": (
        "kernel/web/forms.py",
        "kernel/web/uploads.py",
        "accounts/forms.py",
        "organisations/site_forms.py",
        "*/views/*.py",
        "*/views.py",
        "courses/editor.py",
        "enrolments/course_context.py",
        "questions/bank_page.py",
        "lms/*.py",
    ),
    "xlsxwriter": ("kernel/tables.py",),
    "yaml": ("kernel/yaml_tree.py",),
    "zxcvbn": ("accounts/passwords.py",),
}
"""Library -> the modules that may import it."""

EVERYWHERE = ("click", "flask", "sqlalchemy")
"""Libraries without a door; which rooms may import them is for the import contracts."""

CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"), ("time", "localtime")}
LONG_FUNCTION = 60
LONG_MODULE = 800
REASON = "# long: "
SILENCED = re.compile(r"# (type: ignore(\[[^]]*\])?|noqa(: [A-Z0-9, ]+)?)$")
PRIVATE_WORDS = frozenset(
    {
        *("told", "tells", "tell", "asked", "asks", "said", "says", "wanted", "wished"),
        *("found", "one", "kept", "brought", "words", "place", "whose", "who"),
    }
)
"""Words that name nothing: which noun a variable holds, they leave to its reader."""
VAGUE = ("utils", "util", "helpers", "helper", "common", "misc", "manager", "base")


@dataclass(frozen=True)
class Source:
    """A module as rules look at it; its text is parsed and its tree walked once for all of them, and only where a rule does."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[Any]]:
        by_kind = defaultdict[type[ast.AST], list[Any]](list)
        for node in ast.walk(self.tree):
            by_kind[type(node)].append(node)
        return by_kind

    def nodes(self, *kinds: type[Node]) -> Iterator[Node]:
        """Yield the nodes of some kinds."""
        for kind in kinds:
            yield from self._nodes.get(kind, ())


def _within(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def _calls(source: Source) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call with the name it is made on ('' where that is no name) and the name called."""
    for node in source.nodes(ast.Call):
        if isinstance(node.func, ast.Attribute):
            on = node.func.value
            owner = on.id if isinstance(on, ast.Name) else on.attr if isinstance(on, ast.Attribute) else ""
            yield node, owner, node.func.attr
        elif isinstance(node.func, ast.Name):
            yield node, "", node.func.id


def commits_in_one_place(source: Source) -> Iterator[Fault]:
    """Only kernel/db.py commits or rolls back."""
    if source.path != "kernel/db.py":
        for call, _owner, name in _calls(source):
            if name in ("commit", "rollback"):
                yield call.lineno, f".{name}() outside kernel/db.py"


def reads_the_clock_in_one_place(source: Source) -> Iterator[Fault]:
    """Only kernel/clock.py reads the clock."""
    if source.path != "kernel/clock.py":
        for call, owner, name in _calls(source):
            if (owner, name) in CLOCKS:
                yield call.lineno, f"{owner}.{name}() outside kernel/clock.py"


def aliases_are_shared(source: Source) -> Iterator[Fault]:
    """An alias that a module keeps is used by all threads."""
    kept = (node.value for node in source.tree.body if isinstance(node, ast.Assign))
    for call in (call for value in kept for call in ast.walk(value) if isinstance(call, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == "aliased":
            yield call.lineno, "aliased() at the level of a module: shared_alias()"


def days_have_a_zone(source: Source) -> Iterator[Fault]:
    """A day is that of a reader or of a place: a moment is moved to their time zone before its day is read. Scripts serve neither."""
    if source.path.startswith("scripts/"):
        return
    for call in source.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "date" and not call.args:
            moment = ast.unparse(call.func.value)
            if re.search(r"(\bnow|_at|\bat|\bnow\(\))$", moment):
                yield call.lineno, f"{moment}.date() is a day of UTC"


def numbers_have_no_exponent(source: Source) -> Iterator[Fault]:
    """Decimal.normalize writes 2E+1 for 20; `kernel.i18n.trimmed` does not."""
    if source.path != "kernel/i18n.py":
        for call, _owner, name in _calls(source):
            if name == "normalize" and not call.args:
                yield call.lineno, "normalize() writes exponents: use trimmed"


def makes_markup_in_one_place(source: Source) -> Iterator[Fault]:
    """Text becomes HTML only behind kernel/markup; icons are our own file."""
    if not _within(source.path, ("kernel/markup/*.py", "kernel/web/assets.py")):
        for call, _owner, name in _calls(source):
            if name == "Markup":
                yield call.lineno, "Markup( outside kernel/markup"


def libraries_have_one_door(source: Source) -> Iterator[Fault]:
    """One module imports each."""
    for node in source.nodes(ast.Import, ast.ImportFrom):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for library in dict.fromkeys(part for name in names for part in _doors_of(name)):
            if not _within(source.path, DOORS[library]):
                yield node.lineno, f"{library} is for {', '.join(DOORS[library]) or 'nobody'}"


def _doors_of(name: str) -> Iterator[str]:
    """Yield the libraries with a door that an imported name belongs to: `http.client` has one, `http` none."""
    parts = name.split(".")
    yield from (library for library in (parts[0], ".".join(parts[:2])) if library in DOORS)


def environment_is_read_by_settings(source: Source) -> Iterator[Fault]:
    """Settings come through kernel/settings.py. The command line may prepare the environment."""
    if not _within(source.path, ("kernel/settings.py", "lms/serve.py", "lms/demo/filling.py", "scripts/*.py")):
        for node in source.nodes(ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in ("environ", "getenv"):
                yield node.lineno, f"os.{node.attr} outside kernel/settings.py"


def catches_everything_only_outermost(source: Source) -> Iterator[Fault]:
    """Style: `except Exception` re-raises, but for the outermost handlers of a request, of a job and of a server."""
    if source.path in ("kernel/web/errors.py", "kernel/outbox.py", "lms/gunicorn_worker.py"):
        return
    for node in source.nodes(ast.ExceptHandler):
        wide = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
        if wide and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
            yield node.lineno, "catches everything and goes on"


def functions_are_short(source: Source) -> Iterator[Fault]:
    """Over 60 lines needs a reason, in a comment `# long: …` on the line of its name."""
    lines = source.text.splitlines()
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > LONG_FUNCTION and REASON not in lines[node.lineno - 1]:
            yield node.lineno, f"{node.name} has {length} lines"


def modules_are_short(source: Source) -> Iterator[Fault]:
    """Over 800 lines needs a reason, in a comment `# long: …` above the imports."""
    lines = source.text.splitlines()
    if len(lines) > LONG_MODULE and not source.path.startswith("migrations/") and not any(line.startswith(REASON) for line in lines[:12]):
        yield 1, f"{len(lines)} lines"


def modules_say_what_they_are(source: Source) -> Iterator[Fault]:
    """A module begins with its docstring, has a name that says something, and a package's `__init__` runs nothing."""
    if not ast.get_docstring(source.tree):
        yield 1, "no docstring"
    stem = source.path.rsplit("/", 1)[-1].removesuffix(".py")
    if stem in VAGUE:
        yield 1, f"{stem} says nothing"
    if stem == "__init__":
        yield from ((node.lineno, "runs something") for node in source.tree.body[1:])


BANNED_WORDS = """
told tell tells said say asked wanted wish kept brought coming sent look looks twin desk bench seat sitting paper house door crowd turns
whoever somebody thing stuff helper util
"""
BANNED = frozenset(BANNED_WORDS.split())
"""Words of no field, in no name that others use (vocabulary 3.2)."""
BANNED_ALONE = frozenset({"given", "taken", "found", "seen", "shown", "typed", "written", "data", "info", "manager", "handle", "process"})
ALLOWED = frozenset({"FacadeDoor", "_door", "tell", "handle", "house"})
"""The façade that is drawn has a door; files and gunicorn's workers name their methods themselves; the house is what its rules are of."""
SUFFIXES = ("Line", "Facts", "Seat")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def is_named_privately(name: str) -> bool:
    """Return whether a name has a word that only its authors understand, or says nothing by itself."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    return name not in ALLOWED and (bool(BANNED.intersection(parts)) or "_".join(parts) in BANNED_ALONE)


def names_are_the_fields(source: Source) -> Iterator[Fault]:
    """Vocabulary 3.2 and 3.3: modules, classes and functions have names of the field, classes none of the retired endings."""
    if is_named_privately(source.path.rsplit("/", 1)[-1].removesuffix(".py")):
        yield 1, "a module's name has a private word"
    for definition in source.nodes(ast.ClassDef):
        name = definition.name
        if is_named_privately(name) or name.endswith(SUFFIXES) or name.startswith("Taught"):
            yield definition.lineno, f"class {name} has a private name"
    for function in source.nodes(ast.FunctionDef):
        if is_named_privately(function.name):
            yield function.lineno, f"{function.name} has a private name"


RIDDLE = re.compile(r"(What|Whose|Whom|Whether|How|That|Who|Which|Say|Answer)\b|(Return|Yield) what\b|Return the same\b")


def docstrings_stand_alone(source: Source) -> Iterator[Fault]:
    """Vocabulary 3.4: the first sentence of a docstring names its subject, and that of a public one ends."""
    for node in source.nodes(ast.Module, ast.ClassDef, ast.FunctionDef):
        words = ast.get_docstring(node) or "."
        if RIDDLE.match(words):
            yield getattr(node, "lineno", 1), f"begins with {words.split()[0]}"
        if not getattr(node, "name", "").startswith("_") and words.split("\n\n")[0].strip()[-1] not in ".!?":
            yield getattr(node, "lineno", 1), "does not end its first sentence"


def silenced_checks_say_why(source: Source) -> Iterator[Fault]:
    """Whoever silences ruff or mypy on a line says why on the same line."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if SILENCED.search(line):
            yield number, "silences a check without a reason"


NAMES_A_TEST = re.compile(r"(?<!def )\b(?:test_\w|conftest\b)")
OF_TESTS = re.compile(r"tests\.([\w.]+\.)?(test_\w+|conftest)")


def shares_through_support(source: Source) -> Iterator[Fault]:
    """Builders, constants and fixtures that tests share stand in tests/support: no module imports a test module or a conftest."""
    if not NAMES_A_TEST.search(source.text):
        return
    for node in source.nodes(ast.Import, ast.ImportFrom):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            whence = ".".join(filter(None, ("tests" if node.level else "", node.module or "")))
            names = [whence, *(f"{whence}.{alias.name}" for alias in node.names)]
        yield from ((node.lineno, f"imports {name}") for name in names if OF_TESTS.fullmatch(name))


def shared_class_names(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the public names that several modules give to a class, each with their paths: one idea, one name, one place."""
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for path, text in texts.items():
        for name in re.findall(r"^class ([A-Za-z]\w*)", text, re.MULTILINE):
            paths[name].append(path)
    return {name: several for name, several in paths.items() if len(several) > 1}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, with code that breaks it and code that keeps it, and the path where both would stand."""

    check: Check
    broken: str
    kept: str
    path: str = "quizzes/answering.py"
    kept_path: str = ""


LONG = "\n".join(f"    x = {number}" for number in range(61))
RULES = (
    Rule(commits_in_one_place, "session.commit()", "session.flush()"),
    Rule(commits_in_one_place, "self.session.rollback()", "session.commit()", kept_path="kernel/db.py"),
    Rule(reads_the_clock_in_one_place, "from datetime import datetime\ndatetime.now()", "clock.now()"),
    Rule(reads_the_clock_in_one_place, "import datetime\ndatetime.datetime.utcnow()", "datetime.fromtimestamp(0, UTC)"),
    Rule(reads_the_clock_in_one_place, "date.today()", "datetime.now(UTC)", kept_path="kernel/clock.py"),
    Rule(reads_the_clock_in_one_place, "time.time()", "time.monotonic()"),
    Rule(aliases_are_shared, "_LATER = aliased(Credential)", "_LATER = shared_alias(Credential)"),
    Rule(aliases_are_shared, "_UNITS = [aliased(Unit) for _ in range(6)]", "def f():\n    unit = aliased(Unit)"),
    Rule(days_have_a_zone, "clock.now().date()", "site_day(clock.now())"),
    Rule(days_have_a_zone, "row.issued_at.date()", "local(row.issued_at).date()"),
    Rule(numbers_have_no_exponent, "row.hours.normalize()", "trimmed(row.hours)"),
    Rule(numbers_have_no_exponent, "(Decimal(cents) / 100).normalize() + 0", "unicodedata.normalize('NFC', text)"),
    Rule(makes_markup_in_one_place, "Markup('<b>')", "Markup('<b>')", kept_path="kernel/markup/model.py"),
    Rule(makes_markup_in_one_place, "markupsafe.Markup(text)", "escape(text)"),
    Rule(libraries_have_one_door, "from http import client", "from http import HTTPStatus"),
    Rule(libraries_have_one_door, "from urllib import request", "from urllib import parse"),
    Rule(libraries_have_one_door, "import http.client", "import http.client", kept_path="kernel/outgoing.py"),
    Rule(libraries_have_one_door, "from joserfc.jwk import KeySet", "from joserfc.jwk import KeySet", kept_path="kernel/jose.py"),
    Rule(libraries_have_one_door, "import nh3", "import nh3", kept_path="kernel/markup/sanitise.py"),
    Rule(libraries_have_one_door, "from reportlab.pdfgen import canvas", "from certificates import pdf"),
    Rule(libraries_have_one_door, "def f():\n    import huey.consumer", "from kernel import outbox"),
    Rule(environment_is_read_by_settings, "import os\nos.environ['LMS_X']", "request.environ['REMOTE_ADDR']"),
    Rule(environment_is_read_by_settings, "os.getenv('X')", "os.environ", kept_path="kernel/settings.py"),
    Rule(catches_everything_only_outermost, "try:\n    f()\nexcept Exception:\n    pass", "try:\n    f()\nexcept ValueError:\n    pass"),
    Rule(catches_everything_only_outermost, "try:\n    f()\nexcept:\n    g()", "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
    Rule(functions_are_short, f"def f():\n{LONG}", f"def f():  # long: a table in code\n{LONG}"),
    Rule(modules_are_short, "x = 1\n" * 801, "# long: a table in code\n" + "x = 1\n" * 801),
    Rule(modules_say_what_they_are, "x = 1", '"""Say."""'),
    Rule(modules_say_what_they_are, '"""Say."""', '"""Say."""', path="quizzes/utils.py", kept_path="quizzes/rules.py"),
    Rule(modules_say_what_they_are, '"""Say."""\nimport os', '"""Say."""', path="quizzes/__init__.py"),
    Rule(names_are_the_fields, "class LessonSeat: ...", "class LessonContext: ..."),
    Rule(names_are_the_fields, "class TaughtQuiz: ...", "class QuizContext: ..."),
    Rule(names_are_the_fields, "def tell_learner(): ...", "def notify_learner(): ..."),
    Rule(names_are_the_fields, "def _asked(): ...", "def _query_from_address(): ..."),
    Rule(names_are_the_fields, "class A:\n    def seen(self): ...", "class A:\n    def tell(self): ...\n    def seen_at(self): ..."),
    Rule(names_are_the_fields, "x = 1", "x = 1", path="quizzes/paper.py", kept_path="quizzes/snapshot.py"),
    Rule(docstrings_stand_alone, '"""What a quiz asks."""', '"""Questions of a quiz."""'),
    Rule(docstrings_stand_alone, 'def f():\n    """Return the same of a group."""', 'def f():\n    """Return the members of a group."""'),
    Rule(docstrings_stand_alone, 'def f():\n    """Say whether it is open."""', 'def f():\n    """Return whether it is open."""'),
    Rule(docstrings_stand_alone, 'def _f():\n    """Return what counts."""', 'def _f():\n    """Return the mark that counts."""'),
    Rule(docstrings_stand_alone, 'class A:\n    """A quiz"""', 'class _A:\n    """A quiz"""'),
    Rule(silenced_checks_say_why, "x = f(1)  # type: ignore" + "[arg-type]", "x = f(1)  # type: ignore[arg-type]  # f takes it"),
    Rule(shares_through_support, "from tests.quizzes.test_attempts_pages import QUIZ", "from tests.support.attempts import QUIZ"),
    Rule(shares_through_support, "from tests.quizzes import test_attempts_pages", "from tests.support import attempts"),
    Rule(shares_through_support, "import tests.browser.test_player", "import tests.support.chromium"),
    Rule(shares_through_support, "from .conftest import live", "from tests.support.chromium import Live"),
    Rule(silenced_checks_say_why, "import os  # noqa" + ": F401", "import os  # noqa: F401 - others take it from here"),
)
CHECKS = tuple(dict.fromkeys(rule.check for rule in RULES))


def faults(path: str, text: str, *checks: Check) -> list[str]:
    """Return what breaks some rules in a file, one line each."""
    source = Source(path, text)
    return [f"{path}:{line} {what}" for check in checks for line, what in check(source)]
