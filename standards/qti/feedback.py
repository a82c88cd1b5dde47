"""Feedback of QTI 2 items: which answer shows a text, wherever the item keeps it."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from standards._texts import clean, one_line
from standards._xml import Element, children, descendants, local, strip, words

CHOICES = frozenset({"simpleChoice", "inlineChoice", "simpleAssociableChoice", "gapText", "hottext"})
_INSIDE = ("feedbackInline", "feedbackBlock")
_COMPARISONS = ("match", "equal", "stringMatch", "member")
ANY = ""
"""Instead of a response: whichever response has the choice."""


@dataclass(slots=True)
class ModalFeedback:
    """A text that is shown for some answers: its name, and the answers as response and value; whether an answer took it."""

    element: Element
    name: str
    answers: frozenset[tuple[str, str]]
    taken: bool = False


class ItemFeedback:
    """The feedback of one item; what stands inside the body is taken out of it, so that nobody reads it before answering."""

    def __init__(self, item: Element, body: Element, responses: frozenset[str]) -> None:
        self._item, self._responses = item, responses
        self.shown = [self._read(node) for node in children(item, "modalFeedback")]
        inside = [node for node in descendants(body, *_INSIDE) if not _is_within(node, _INSIDE)]
        self.shown += [self._read(node) for node in inside]
        strip(body, *_INSIDE)

    def of(self, response: str, value: str) -> list[Element]:
        """Return what is shown for a value of a response; it is taken then."""
        return self._take({(response, value)})

    def of_choice(self, response: str, choice: str) -> list[Element]:
        """Return what is shown for a choice, also what is only named as it is; it is taken then."""
        return self._take({(response, choice), (ANY, choice)})

    def _take(self, answers: set[tuple[str, str]]) -> list[Element]:
        taken = [feedback for feedback in self.shown if feedback.answers & answers]
        for feedback in taken:
            feedback.taken = True
        return [feedback.element for feedback in taken]

    def values(self, response: str) -> Iterator[str]:
        """Yield the values of a response for which something is shown."""
        yield from dict.fromkeys(value for feedback in self.shown for of, value in sorted(feedback.answers) if of == response)

    @property
    def left(self) -> list[ModalFeedback]:
        """Return what no answer took."""
        return [feedback for feedback in self.shown if not feedback.taken]

    def _read(self, element: Element) -> ModalFeedback:
        name, outcome = element.get("identifier", ""), element.get("outcomeIdentifier", "")
        answers = {(ANY, name)}
        around = next((ancestor for ancestor in element.iterancestors() if local(ancestor) in CHOICES), None)
        if around is not None:
            answers.add((ANY, around.get("identifier", "")))
        for setting in descendants(self._item, "setOutcomeValue"):
            if setting.get("identifier") != outcome:
                continue
            answers |= self._compared(setting)
            branch = setting.getparent()
            if branch is not None and local(branch) in ("responseIf", "responseElseIf") and words(setting).strip() == name:
                answers |= self._compared(branch[0])
        bare = deepcopy(element)
        bare.tail = None
        return ModalFeedback(bare, name, frozenset() if element.get("showHide") == "hide" else frozenset(answers))

    def _compared(self, expression: Element) -> set[tuple[str, str]]:
        """Return the answers for which an expression alone is true: a value, or one of several; none where more has to hold."""
        answers: set[tuple[str, str]] = set()
        for comparison in (node for node in expression.iter() if isinstance(node.tag, str) and local(node) in _COMPARISONS):
            responses = [inner.get("identifier", "") for inner in descendants(comparison, "variable")]
            values = [one_line(clean(words(inner))) for inner in descendants(comparison, "baseValue")]
            if _is_within(comparison, ("not",)):
                return set()
            if len(responses) == len(values) == 1 and responses[0] in self._responses:
                answers.add((responses[0], values[0]))
        several = len(answers) > 1 and any(True for _one in descendants(expression, "and"))
        return set() if several else answers


def _is_within(element: Element, names: tuple[str, ...]) -> bool:
    return any(local(ancestor) in names for ancestor in element.iterancestors())
