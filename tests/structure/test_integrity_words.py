"""Nobody is called anything: the words of accusation stand in no template and in no message (spec/selection 6.10)."""

import re

from babel.messages.pofile import read_po

from tests.support.project import ROOT

ACCUSING = re.compile(
    r"\b(cheat\w*|fraud\w*|suspect\w*|suspicious\w*|suspicion\w*|dishonest\w*|trust score|score of trust|culprit\w*|copycat\w*|"
    r"fraude\w*|fraudulent\w*|tramp(a|as|os\w*)|sospech\w*|deshonest\w*|copi(ón|ones|ona)|culpable\w*)\b",
    re.IGNORECASE,
)
CATALOGUE = ROOT / "translations" / "es" / "LC_MESSAGES" / "messages.po"


def test_no_template_accuses_anybody() -> None:
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if (match := ACCUSING.search(path.read_text(encoding="utf-8")))
    }

    assert found == {}


def test_no_message_accuses_anybody_in_either_language() -> None:
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    texts = [text for message in messages for part in (message.id, message.string) for text in ([part] if isinstance(part, str) else part)]

    assert len(texts) > 8000
    assert sorted({text for text in texts if ACCUSING.search(text)}) == []


def test_the_measure_sees_such_words() -> None:
    for text in ("a cheater", "Possible fraud", "Es sospechoso", "hizo trampa", "score of trust"):
        assert ACCUSING.search(text), text
    for text in ("The trusted proxy", "estampa", "confianza del 95 %"):
        assert not ACCUSING.search(text), text
