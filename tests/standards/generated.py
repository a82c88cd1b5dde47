"""Questions made by Hypothesis: texts full of signs that mean something in one format or the other."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from kernel.markup.source import normalise
from questions.rules.definitions import (
    NOT_SELECTED,
    Body,
    CognitiveLevel,
    DescriptionBody,
    Difficulty,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalAnswer,
    NumericalBody,
    Option,
    OrderingBody,
    OrderingRule,
    Pair,
    QuestionCitation,
    QuestionDefinition,
    QuestionSelection,
    QuestionState,
    ReviewReference,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    TextShape,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
    UnitPenaltyOf,
    WordLimits,
    map_texts,
)
from standards.model import ExportedFile, ImportedQuestions, RemarkSeverity
from standards.texts import SELECTION_FIELDS, KeyAllocator, from_plain, matched, one_line, rendered

SIGNS = "abcñÁé XYZ 019 *_[]{}$`<>|#~=:%-+.!¿?@&\"'/\\;,()^"
LANGUAGE = "es"
_INLINE = TextShape.INLINE
ZERO, ONE = Fraction(0), Fraction(1)


_TEX = re.compile(r"\$\$.*\$\$|\\\(.*\\\)|\\\[.*\\\]")
"""A formula to other products, about which a reader of HTML has something to say."""


def _kept(text: str) -> bool:
    return bool(text) and normalise(text) == text and "-\\>" not in text and not _TEX.search(text)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Make one line of Markdown source, whatever it may mean."""
    return draw(st.text(SIGNS, min_size=1, max_size=24).map(one_line).filter(_kept))


@st.composite
def plain_lines(draw: st.DrawFn) -> str:
    """Make one line of plain words."""
    return draw(st.text(SIGNS, min_size=1, max_size=16).map(one_line).filter(_kept).filter(lambda text: "->" not in text))


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """Make Markdown source of one or more paragraphs and lines."""
    sign = draw(st.sampled_from(["\n", "\n\n", "  \n"]))
    text = sign.join(draw(st.lists(lines(), min_size=1, max_size=3))).strip()
    return text if _kept(text) else "¿Qué?"


def es(text: str) -> Texts:
    return {LANGUAGE: text}


credits_ = st.sampled_from([Fraction(1, 2), Fraction(1, 3), Fraction(-1, 4), Fraction(3, 4), ZERO])
numbers = st.decimals(-1000, 1000, places=3, allow_nan=False).map(lambda value: Fraction(str(value)))
amounts = st.decimals(0, 10, places=2).map(lambda value: Fraction(str(value)))
whys = st.none() | lines().map(es)
distinct = st.lists(lines(), min_size=2, max_size=4, unique_by=lambda text: text.casefold())


@st.composite
def singles(draw: st.DrawFn, *, plain: bool = False) -> SingleChoiceBody:
    """Make a choice of one option; `plain`: without feedback, partial credit and markup."""
    texts = (
        [from_plain(text, _INLINE) for text in draw(st.lists(plain_lines(), min_size=2, max_size=4, unique=True))]
        if plain
        else draw(distinct)
    )
    right = draw(st.integers(0, len(texts) - 1))
    keys = KeyAllocator()
    options = []
    for at, text in enumerate(texts):
        worth = ONE if at == right else ZERO if plain else draw(credits_)
        options.append(Option(keys.of(text), es(text), at == right, worth, None if plain else draw(whys)))
    return SingleChoiceBody(tuple(options))


@st.composite
def multiples(draw: st.DrawFn, rules: tuple[MultipleRule, ...] = tuple(MultipleRule)) -> MultipleChoiceBody:
    """Make a choice of several options with one of the rules."""
    texts = draw(st.lists(lines(), min_size=3, max_size=5, unique_by=lambda text: text.casefold()))
    rule = draw(st.sampled_from(rules))
    rights = draw(st.integers(1, len(texts) - 1))
    keys = KeyAllocator()
    options = []
    for at, text in enumerate(texts):
        worth = Fraction(1, rights) if at < rights else Fraction(-1, 20) if at == rights else ZERO
        right = at < rights
        options.append(Option(keys.of(text), es(text), right, worth if rule is MultipleRule.FRACTIONS else Fraction(right), draw(whys)))
    return MultipleChoiceBody(tuple(options), rule)


@st.composite
def shorts(draw: st.DrawFn) -> ShortAnswerBody:
    """Make a short answer with patterns."""
    patterns = draw(st.lists(plain_lines(), min_size=1, max_size=3, unique=True))
    answers = [TextPattern(es(pattern), at == 0, ONE if at == 0 else ZERO, draw(whys)) for at, pattern in enumerate(patterns)]
    return ShortAnswerBody(tuple(answers))


@st.composite
def numericals(draw: st.DrawFn, *, rich: bool = False) -> NumericalBody:
    """Make a numerical question; `rich`: with units, other tolerances and decimals."""
    values = draw(st.lists(numbers, min_size=1, max_size=3, unique=True))
    answers = [NumericalAnswer(value, at == 0, Fraction(at == 0), draw(whys)) for at, value in enumerate(values)]
    if draw(st.booleans()):
        answers.append(NumericalAnswer(None, False, ZERO, draw(whys)))
    body = NumericalBody(tuple(answers), Tolerance(amount=draw(amounts)))
    if not rich:
        return body
    kind = draw(st.sampled_from(ToleranceKind))
    asked = draw(st.booleans())
    taken = draw(st.sampled_from([ZERO, Fraction(1, 10)])) if asked else ZERO
    return replace(
        body,
        tolerance=Tolerance(kind, draw(amounts)),
        unit=None if asked else draw(st.none() | st.just(es("USD"))),
        units={"m": ONE, "cm": Fraction(1, 100)} if asked else {},
        unit_penalty=taken,
        unit_penalty_of=draw(st.sampled_from(UnitPenaltyOf)) if taken else UnitPenaltyOf.MARK,
        decimals=draw(st.none() | st.integers(0, 3)),
    )


@st.composite
def matchings(draw: st.DrawFn, *, rich: bool = False) -> MatchingBody:
    """Make pairs whose matches are plain words, with an extra choice; `rich`: with feedback too."""
    items = draw(distinct)
    words = draw(st.lists(plain_lines(), min_size=len(items) + 1, max_size=len(items) + 1, unique=True))
    texts = [from_plain(word, _INLINE) for word in words]
    keys, choices = KeyAllocator(), matched(texts)
    pairs = [
        Pair(keys.of(item), es(item), choices[text], es(text), draw(whys) if rich else None)
        for item, text in zip(items, texts, strict=False)
    ]
    extra = (KeyedLabel(choices[texts[-1]], es(texts[-1])),) if draw(st.booleans()) else ()
    return MatchingBody(tuple(pairs), extra, draw(st.booleans()) if rich else True)


@st.composite
def orderings(draw: st.DrawFn, rule: str = "") -> OrderingBody:
    """Make items in order."""
    keys = KeyAllocator()
    items = draw(st.lists(lines(), min_size=3, max_size=4, unique=True))
    return OrderingBody(
        tuple(KeyedLabel(keys.of(item), es(item)) for item in items), OrderingRule(rule) if rule else draw(st.sampled_from(OrderingRule))
    )


@st.composite
def essays(draw: st.DrawFn) -> EssayBody:
    """Make an essay with all that helps its author and its grader."""
    words = WordLimits(draw(st.none() | st.integers(1, 50)), draw(st.none() | st.integers(51, 900)))
    return EssayBody(words, draw(st.none() | blocks().map(es)), draw(st.none() | blocks().map(es)), (), draw(st.integers(0, 3)))


files = st.builds(FileBody, accept=st.sampled_from([("pdf",), ("docx", "odt")]), files=st.integers(1, 3), size=st.integers(1, 50))


selections = st.builds(
    QuestionSelection,
    objective=st.sampled_from(["", "calcular-la-brecha"]),
    level=st.none() | st.sampled_from(CognitiveLevel),
    family=st.sampled_from(["", "brecha-" * 8 + "larga"]),
    enemies=st.sampled_from([(), ("otra", "una-mas")]),
    expected=st.none() | st.sampled_from([ZERO, Fraction(125, 2), Fraction(100)]),
    only=st.sampled_from([(), ("examen",), ("examen", "examen-2")]),
)


@st.composite
def questions(
    draw: st.DrawFn, bodies: st.SearchStrategy[Body], *, kept: tuple[str, ...] = (), rich: bool = True, plain: bool = False
) -> QuestionDefinition:
    """Make a question; `kept`: the common fields that may be written, all of them where it is `rich`."""
    text = from_plain(draw(plain_lines()), TextShape.MARKDOWN) if plain else draw(blocks())
    question = QuestionDefinition("pregunta", es(text), draw(bodies))
    fields: dict[str, st.SearchStrategy[object]] = {
        "former_keys": st.just(("antes",)),
        "state": st.sampled_from(QuestionState),
        "unverified": st.booleans(),
        "tags": st.sampled_from([(), ("salud",), ("salud", "pensiones-2")]),
        "difficulty": st.none() | st.sampled_from(Difficulty),
        "mark": st.sampled_from([ONE, Fraction(5, 2), Fraction(0)]),
        "hints": st.lists(lines().map(es), max_size=2).map(tuple),
        "penalty": st.sampled_from([Fraction(1, 3), Fraction(1, 10), ZERO, ONE]),
        "explanation": st.none() | blocks().map(es),
        "source": st.just((QuestionCitation("ley", "art. 1"),)),
        "see": st.just((ReviewReference("pisos", "brecha"), ReviewReference("charla", "", 75))),
        "note": plain_lines(),
        "selection": selections,
    }
    chosen = kept if not rich else tuple(name for name in fields if draw(st.booleans()))
    return replace(question, **{name: draw(fields[name]) for name in chosen})  # type: ignore[arg-type]  # fields by name


@st.composite
def gapped(draw: st.DrawFn, most: int = 1, *, drag: bool = False) -> QuestionDefinition:
    """Make a text with gaps inside sentences."""
    count = draw(st.integers(1, most))
    names = ["gap"] if count == 1 else [f"gap{at}" for at in range(1, count + 1)]
    text = "Inicio " + " y ".join(f"{{{name}}} palabra" for name in names) + " fin."
    if drag:
        words = draw(st.lists(plain_lines(), min_size=count + 1, max_size=count + 1, unique=True))
        texts = [from_plain(word, _INLINE) for word in words]
        keys = matched(texts)
        gaps = tuple(
            Gap(name, ShortAnswerBody((TextPattern(es(word), True, ONE, None, keys[word]),)))
            for name, word in zip(names, texts, strict=False)
        )
        return QuestionDefinition(
            "pregunta", es(text), GapsBody(gaps, True, tuple(KeyedLabel(key, es(word)) for word, key in keys.items()))
        )
    bodies = [draw(st.one_of(singles(plain=True), shorts(), numericals())) for _ in names]
    gaps = tuple(Gap(name, _without_whys(body)) for name, body in zip(names, bodies, strict=True))
    return QuestionDefinition("pregunta", es(text), GapsBody(gaps), mark=Fraction(count))


def _without_whys(body: SingleChoiceBody | ShortAnswerBody | NumericalBody) -> SingleChoiceBody | ShortAnswerBody | NumericalBody:
    """Return what stands in a gap without feedback, whose markup some formats lose."""
    match body:
        case SingleChoiceBody(options):
            return replace(body, options=tuple(replace(option, why=None) for option in options))
        case ShortAnswerBody(answers):
            return replace(body, answers=tuple(replace(answer, why=None) for answer in answers))
        case numerical:
            return replace(numerical, answers=tuple(replace(answer, why=None) for answer in numerical.answers))


def rich_bodies() -> st.SearchStrategy[Body]:
    """Make a body of any kind that a format may have, with all that may be lost."""
    return st.one_of(
        singles(),
        multiples(),
        st.builds(TrueFalseBody, st.booleans()),
        shorts(),
        numericals(rich=True),
        matchings(rich=True),
        orderings(),
        essays(),
        files,
        st.just(DescriptionBody()),
    )


Write = Callable[[Sequence[QuestionDefinition], str], ExportedFile]
Read = Callable[[bytes, str], ImportedQuestions]
_RESET = QuestionDefinition("", {}, DescriptionBody())


def check_same_or_told(question: QuestionDefinition, write: Write, read: Read) -> None:
    """Assert that a question comes back the same, but for what the remarks of the export name, or that it is told to stay behind."""
    out = write([question], LANGUAGE)
    if out.of_severity(RemarkSeverity.PROBLEM):
        assert not out.count
        return
    back = read(out.content, LANGUAGE)
    assert out.count == len(back.questions) == 1, (out.content, back.remarks)
    losses = out.of_severity(RemarkSeverity.LOSS, RemarkSeverity.NOTE)
    fields = {remark.facts["field"] for remark in losses if "field" in remark.facts}
    told = [remark for remark in losses if not {"thing", "family"} & remark.facts.keys()]
    own = fields - set(SELECTION_FIELDS)
    if all("field" in remark.facts for remark in told) and all(hasattr(_RESET, field) for field in own):
        selection = replace(question.selection, **{field: getattr(NOT_SELECTED, field) for field in fields - own})
        bare = replace(question, selection=selection, **{field: getattr(_RESET, field) for field in own})
        assert replace(back.questions[0], key=bare.key) == bare
    else:
        assert told


def check_same(question: QuestionDefinition, write: Write, read: Read) -> None:
    """Assert that a question comes back the same and that nothing is lost."""
    out = write([question], LANGUAGE)

    assert not [remark.message for remark in out.remarks if "thing" not in remark.facts]
    back = read(out.content, LANGUAGE)
    assert not back.remarks
    assert back.questions == (question,)


def plainly(bodies: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    """Make bodies whose texts are plain words and whose keys are made of them."""
    return bodies.map(_plain_body).filter(_has_no_tex)


def _plain_body(body: Body) -> Body:
    question = QuestionDefinition("pregunta", es("¿Qué?"), body)
    return _rekeyed(map_texts(question, lambda text, _language, shape: from_plain(text, shape)).body)


def _has_no_tex(body: Body) -> bool:
    """Return whether no text became a formula to other products where its signs were escaped."""
    texts = list[str]()
    map_texts(QuestionDefinition("pregunta", es("¿Qué?"), body), lambda text, _language, _shape: texts.append(text) or text)
    return not any(map(_TEX.search, texts))


def _rekeyed(body: Body) -> Body:
    keys = KeyAllocator()
    match body:
        case MultipleChoiceBody(options):
            return replace(body, options=tuple(replace(option, key=keys.of(option.text[LANGUAGE])) for option in options))
        case OrderingBody(items):
            return replace(body, items=tuple(KeyedLabel(keys.of(label.text[LANGUAGE]), label.text) for label in items))
        case MatchingBody(pairs, extra):
            choices = matched([pair.match[LANGUAGE] for pair in pairs] + [label.text[LANGUAGE] for label in extra])
            made = tuple(replace(pair, key=keys.of(pair.item[LANGUAGE]), match_key=choices[pair.match[LANGUAGE]]) for pair in pairs)
            return replace(body, pairs=made, extra=tuple(KeyedLabel(choices[label.text[LANGUAGE]], label.text) for label in extra))
        case other:
            return other


def in_order(body: Body) -> Body:
    """Return a choice of several options that are not mixed."""
    return replace(body, shuffle=False) if isinstance(body, MultipleChoiceBody) else body


def literal_shorts() -> st.SearchStrategy[Body]:
    """Make short answers without wildcard and without feedback."""

    def made(words: list[str]) -> ShortAnswerBody:
        patterns = [one_line(word.replace("\\", "")).replace("*", "\\*") or "x" for word in words]
        return ShortAnswerBody(tuple(TextPattern(es(pattern), True, ONE) for pattern in dict.fromkeys(patterns)))

    return st.lists(plain_lines(), min_size=1, max_size=3, unique=True).map(made)


def single_numbers(*, nominal: bool = False) -> st.SearchStrategy[Body]:
    """Make one number with an amount or a share as tolerance."""
    kinds = st.just(ToleranceKind.NOMINAL) if nominal else st.sampled_from([ToleranceKind.NOMINAL, ToleranceKind.RELATIVE])
    return st.builds(
        lambda value, kind, amount: NumericalBody((NumericalAnswer(value, True, ONE),), Tolerance(kind, amount) if amount else Tolerance()),
        numbers,
        kinds,
        amounts,
    )


def as_shown(question: QuestionDefinition) -> QuestionDefinition:
    """Return the question with its texts as they are shown, without keys, which are made of the source."""
    shown = map_texts(question, lambda text, language, shape: " ".join(rendered(text, shape, language).split()))
    return replace(shown, key="")


def check_shown_the_same(question: QuestionDefinition, write: Write, read: Read) -> None:
    """Assert that a question comes back, nothing lost, and is shown the same."""
    out = write([question], LANGUAGE)

    assert not [remark.message for remark in out.remarks]
    back = read(out.content, LANGUAGE)
    assert not back.remarks
    assert [as_shown(found) for found in back.questions] == [as_shown(question)]


def check_kind_or_told(question: QuestionDefinition, write: Write, read: Read) -> None:
    """Assert that a question comes back as the same kind, or that something was told."""
    out = write([question], LANGUAGE)
    if out.of_severity(RemarkSeverity.PROBLEM):
        assert not out.count
        return
    back = read(out.content, LANGUAGE)
    assert out.count == 1
    assert [found.kind for found in back.questions] == [question.kind] or out.remarks or back.of_severity(RemarkSeverity.PROBLEM)
