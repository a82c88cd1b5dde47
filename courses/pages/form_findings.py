"""Findings in the words of forms: fields by their labels, and no advice that only helps whoever writes the text."""

import re
from collections.abc import Mapping

from courses.content.field_labels import LabelledPlace, labelled_place, labels_of_file
from courses.content.kinds import FieldLabel
from courses.content.model import Finding
from courses.kinds import CourseKinds
from kernel.i18n import _

_FOR_THE_TEXT = re.compile(r"[“«`{][a-z_]+:|\w\[\d|lms courses|\.(yaml|md)\b")
"""Advice on the text: “source:”, options[1], a command, the name of a file."""
_SENTENCE = re.compile(r"(?<=[.:?!]) (?=[A-ZÁÉÍÓÚÑ¿¡])")


class FormFindings:
    """Puts the findings of a course into the words of its forms."""

    def __init__(self, kinds: CourseKinds) -> None:
        self._kinds = kinds
        self._labels: dict[str, Mapping[str, FieldLabel]] = {}

    def _place(self, finding: Finding) -> LabelledPlace:
        if finding.file not in self._labels:
            self._labels[finding.file] = labels_of_file(finding.file, self._kinds.kinds, self._kinds.parts)
        return labelled_place(self._labels[finding.file], finding.field)

    def what(self, finding: Finding) -> str:
        """Return what is the matter, for the field that it concerns."""
        labelled, name = self._place(finding), finding.facts.get("field", "")
        known = labelled.inner.get(name) or labelled.beside.get(name)
        facts = {**finding.facts, "field": str(known.label)} if known is not None else finding.facts
        return _(finding.template, **facts)

    def advice(self, finding: Finding) -> str:
        """Return what to do, without the sentences that are for whoever writes the text."""
        return " ".join(sentence for sentence in _SENTENCE.split(finding.fix) if not _FOR_THE_TEXT.search(sentence))

    def beside_field(self, finding: Finding) -> str:
        """Return what is the matter and what to do, for the field that it concerns."""
        return _with_advice(self.what(finding), self.advice(finding))

    def message(self, finding: Finding) -> str:
        """Return where something is the matter and what, for a list of findings."""
        subject = _(finding.subject, **finding.facts) if finding.subject else ""
        where = ", ".join(part for part in (subject, self._place(finding).words) if part)
        return f"{where}: {self.what(finding)}" if where else self.what(finding)

    def line(self, finding: Finding) -> str:
        """Return the message of a finding followed by its advice."""
        return _with_advice(self.message(finding), self.advice(finding))


def _with_advice(message: str, advice: str) -> str:
    return f"{message} {advice}" if advice else message
