"""Read files and packages of QTI 2.1 and 2.2 (IMS QTI, Assessment Test, Section and Item Information Model) as questions of ours."""

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import PurePosixPath
from types import MappingProxyType

from kernel.errors import N_
from kernel.markup.foreign import CONTENT
from questions.rules import definitions
from standards import xml
from standards.files import SUFFIXES, names_in, read_archive
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.qti.bodies import (
    ANYTHING,
    BLOCKS,
    EXPLANATION,
    INLINE,
    INTERACTIONS,
    NUMBERS,
    PACKAGE,
    Declaration,
    ItemFeedback,
    PairReader,
    QtiTextReader,
    Worths,
    replace_by_gaps,
)
from standards.qti.canvas import CanvasReader, name_of
from standards.texts import (
    KeyAllocator,
    WeightedOption,
    clean,
    decimal,
    gap_name,
    gap_placeholder,
    is_number,
    literal,
    multiple_choice,
    noted_for_graders,
    one_line,
    single_choice,
    to_fraction,
    with_gap_names,
)
from standards.xml import Element, child, children, descendants, example_of, line, local, parse, strip, words

_GAPS = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})
_PARTS = frozenset({"responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback", "stylesheet"})
"""What an item has that is read, or says how it looks."""
_NEAR = Fraction(1, 10**6)
_ANY_FILE = ("pdf", "docx", "odt", "jpg", "png")


class ItemReader:
    """Reads one assessmentItem."""

    def __init__(self, item: Element, language: str, remarks: TransferRemarkCollector) -> None:
        self.item, self.language, self.remarks = item, language, remarks
        self.texts = QtiTextReader(language, remarks)
        self.worths = Worths(item)
        body = child(item, "itemBody")
        if body is None:
            raise NotTranslatable(N_("The item has no body."))
        self.body = body
        self.feedbacks = ItemFeedback(item, body, frozenset(self.worths.declared))
        self.graders = self._for_graders()
        self.interactions = [node for node in body.iter() if isinstance(node.tag, str) and local(node).endswith("Interaction")]

    def question(self, name: str, keys: KeyAllocator) -> definitions.QuestionDefinition:
        """Return the question; raises NotTranslatable for interactions that are not known here."""
        if children(self.item, "templateDeclaration"):
            raise NotTranslatable(N_("The item draws values for each learner."), N_("Rewrite it as a “calculated” question."))
        unknown = [local(node) for node in self.interactions if local(node) not in INTERACTIONS]
        if unknown:
            raise NotTranslatable(N_("An interaction “%(kind)s” is not supported."), kind=unknown[0][:60])
        inline = [node for node in self.interactions if local(node) in _GAPS]
        if len(self.interactions) > 1 and len(inline) < len(self.interactions):
            raise NotTranslatable(N_("The item asks %(count)s things; a question asks one."), count=len(self.interactions))
        for element in self.item:
            if local(element) not in _PARTS:
                self.remarks.leave_out(CONTENT, example_of(element))
        text, body = self._inline(inline) if inline else self._block()
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        mark = self._mark()
        if not isinstance(body, definitions.EssayBody | definitions.FileBody | definitions.DescriptionBody):
            self._remark_scoring(mark)
        return definitions.QuestionDefinition(
            keys.of_question(name, text),
            {self.language: text},
            body,
            mark=mark,
            explanation=self.texts.texts(self._explanation()),
            note=noted_for_graders((self.texts.content(block, BLOCKS) for block in self.graders), self.language, self.remarks),
        )

    def _mark(self) -> Fraction:
        for outcome in children(self.item, "outcomeDeclaration"):
            if outcome.get("identifier") == "MAXSCORE":
                text = words(child(outcome, "defaultValue", "value")).strip()
                return max(to_fraction(text), Fraction(0)) if text else self.worths.total or Fraction(1)
            if outcome.get("identifier") == "SCORE" and outcome.get("normalMaximum"):
                return max(to_fraction(outcome.get("normalMaximum", "1")), Fraction(0))
        return self.worths.total or Fraction(1)

    def _remark_scoring(self, mark: Fraction) -> None:
        """Report what of the response processing the question does not have, by element name: no mark changes in silence."""
        for name in dict.fromkeys([*self.worths.lost, *self.worths.scoring.left()]):
            self.remarks.loss(
                N_("What “%(name)s” scores in the item is left out."), N_("Compare the question's marks with its source."), name=name[:60]
            )
        total = self.worths.total
        if total and mark and abs(total - mark) > _NEAR * mark:
            self.remarks.loss(
                N_("The right answers score %(total)s in the item, which gives %(mark)s as the maximum."),
                N_("The question is worth %(mark)s."),
                total=decimal(total, 4),
                mark=decimal(mark, 4),
            )

    def _declared(self, interaction: Element) -> Declaration:
        return self.worths.of(ident_of(interaction))

    # --- Feedback ------------------------------------------------------------------------------------------------------------------

    def _for_graders(self) -> list[Element]:
        """Take out of the body what is not for learners: instructions and model answers of who marks."""
        blocks = [block for block in descendants(self.body, "rubricBlock") if "candidate" not in block.get("view", "candidate").split()]
        for block in blocks:
            block.tag = "ungiven"
        strip(self.body, "ungiven")
        return blocks

    def _why(self, feedback: Sequence[Element]) -> definitions.Texts | None:
        parts = (self.texts.content(element, INLINE) for element in feedback)
        return self.texts.texts(" ".join(part for part in parts if part))

    def _explanation(self) -> str:
        """Return the feedback that belongs to no answer of the question."""
        parts = dict.fromkeys(self.texts.content(feedback.element, BLOCKS) for feedback in self.feedbacks.left)
        if any(feedback.name != EXPLANATION and words(feedback.element).strip() for feedback in self.feedbacks.left):
            self.remarks.note(N_("The feedback for right and wrong answers became part of the explanation."))
        return "\n\n".join(part for part in parts if part)

    # --- One interaction as a block --------------------------------------------------------------------------------------------------

    def _block(self) -> tuple[str, definitions.Body]:
        if not self.interactions:
            if any(child(declaration, "correctResponse") is not None for declaration in children(self.item, "responseDeclaration")):
                raise NotTranslatable(N_("The item names right answers, but nothing in it that is known here asks for them."))
            return self.texts.content(self.body, BLOCKS), definitions.DescriptionBody()
        interaction = self.interactions[0]
        pairs = PairReader(self.texts, self.worths, lambda ident: self._why(self.feedbacks.of_choice("", ident)))
        readers: Mapping[str, Callable[[Element], definitions.Body]] = {
            "choiceInteraction": self._choice,
            "orderInteraction": self._ordering,
            "matchInteraction": pairs.matching,
            "extendedTextInteraction": self._essay,
            "uploadInteraction": self._upload,
            "gapMatchInteraction": pairs.dragged,
        }
        body = readers[local(interaction)](interaction)
        return self._text_around(interaction, pairs.inside), body

    def _text_around(self, interaction: Element, inside: str) -> str:
        """Return the body's text without the interaction, with its prompt and the text with gaps that the interaction gives."""
        prompt = child(interaction, "prompt")
        prompt_text = self.texts.content(prompt, BLOCKS) if prompt is not None else ""
        strip(self.body, local(interaction))
        around = self.texts.content(self.body, BLOCKS)
        return "\n\n".join(part for part in (around, prompt_text, inside) if part)

    def _choice(self, interaction: Element) -> definitions.Body:
        declared = self._declared(interaction)
        idents = [node.get("identifier", "") for node in children(interaction, "simpleChoice")]
        if {ident.lower() for ident in idents} == {"true", "false"} and len(declared.correct) == 1:
            shares = self.worths.of_choices(ident_of(interaction), idents)
            if sorted(shares.values()) == [0, 1]:
                return definitions.TrueFalseBody(max(idents, key=lambda ident: shares[ident]).lower() == "true")
        weighted = self._weighted(interaction, "simpleChoice")
        shuffle = interaction.get("shuffle") == "true"
        if not declared.several:
            return single_choice(weighted, shuffle=shuffle)
        added = self.worths.is_added(ident_of(interaction))
        return multiple_choice(weighted, shuffle=shuffle) if added else _all_or_nothing(weighted, shuffle)

    def _weighted(self, interaction: Element, name: str) -> list[WeightedOption]:
        """Return the choices of an interaction with what each is worth and what is said of it."""
        choices, response = children(interaction, name), ident_of(interaction)
        worth = self.worths.of_choices(response, [node.get("identifier", "") for node in choices])
        return [
            WeightedOption(
                {self.language: self.texts.content(node, INLINE)},
                worth[node.get("identifier", "")],
                self._why(self.feedbacks.of_choice(response, node.get("identifier", ""))),
                node.get("fixed") == "true",
            )
            for node in choices
        ]

    def _ordering(self, interaction: Element) -> definitions.Body:
        texts = {node.get("identifier", ""): self.texts.content(node, INLINE) for node in children(interaction, "simpleChoice")}
        order = [ident for ident in self._declared(interaction).correct if ident in texts]
        if set(order) != set(texts):
            raise NotTranslatable(N_("The right order does not include every item."))
        self.worths.of_whole(ident_of(interaction))
        keys = KeyAllocator()
        return definitions.OrderingBody(
            tuple(definitions.KeyedLabel(keys.of(texts[ident]), {self.language: texts[ident]}) for ident in order),
            definitions.OrderingRule.ALL_OR_NOTHING,
        )

    def _essay(self, interaction: Element) -> definitions.Body:
        return definitions.EssayBody()

    def _upload(self, interaction: Element) -> definitions.Body:
        self.remarks.note(N_("The accepted file types are not specified; the usual ones are used."))
        return definitions.FileBody(_ANY_FILE)

    # --- Interactions inside the text ------------------------------------------------------------------------------------------------

    def _inline(self, interactions: Sequence[Element]) -> tuple[str, definitions.Body]:
        idents = [ident_of(node) for node in interactions]
        bodies = [self._entry(node) if local(node) == "textEntryInteraction" else self._selected(node) for node in interactions]
        replace_by_gaps(interactions)
        markdown = self.texts.content(self.body, BLOCKS)
        before, _, after = markdown.rpartition(gap_placeholder(1))
        first = bodies[0]
        if (
            len(bodies) == 1
            and not any(sign.isalnum() for sign in after)
            and before.strip()
            and not isinstance(first, definitions.SingleChoiceBody)
        ):
            return before.strip(), first
        gaps = tuple(
            definitions.Gap(gap_name(at, len(bodies)), body, weight)
            for at, (body, weight) in enumerate(zip(bodies, self._weights(idents), strict=True), start=1)
        )
        return with_gap_names(markdown, len(bodies)), definitions.GapsBody(gaps)

    def _weights(self, idents: Sequence[str]) -> Sequence[Fraction]:
        """Return the weight of each gap among all: what the item gives for it, where it has one of each."""
        known = [worth for ident in idents if (worth := self.worths.gained.get(ident, Fraction(0)))]
        return known if len(known) == len(idents) and len(set(known)) > 1 else [Fraction(1)] * len(idents)

    def _entry(self, interaction: Element) -> definitions.ShortAnswerBody | definitions.NumericalBody:
        declared, ident = self._declared(interaction), ident_of(interaction)
        right = [one_line(value) for value in declared.correct] or list(declared.mapping)
        shares = self.worths.of_values(ident, right[:1] if declared.kind in NUMBERS else right)
        if declared.kind in NUMBERS:
            return self._number(ident, shares)
        fold = str if declared.sensitive else str.casefold
        others = [value for value in self.feedbacks.values(ident) if value and fold(value) not in {fold(known) for known in shares}]
        usual = {ANYTHING: shares.pop(ANYTHING)} if ANYTHING in shares else {}
        answers = [(literal(value), value, share) for value, share in {**shares, **dict.fromkeys(others, Fraction(0))}.items()]
        answers += [("*", value, share) for value, share in usual.items()]
        return definitions.ShortAnswerBody(
            tuple(
                definitions.TextPattern({self.language: pattern}, share > 0, share, self._why(self.feedbacks.of(ident, value)))
                for pattern, value, share in answers
            ),
            not declared.sensitive,
            self.language == "es",
        )

    def _number(self, ident: str, shares: Mapping[str, Fraction]) -> definitions.NumericalBody:
        """Return a number with those that gain less, and wrong ones for which something is said."""
        right = {to_fraction(value): share for value, share in shares.items() if value != ANYTHING}
        values = [value for value in self.feedbacks.values(ident) if is_number(value)]
        feedback = {to_fraction(value): self._why(self.feedbacks.of(ident, value)) for value in values}
        answers = [definitions.NumericalAnswer(value, share > 0, share, feedback.get(value)) for value, share in right.items()]
        wrong = ((value, why) for value, why in feedback.items() if value not in right)
        answers += [definitions.NumericalAnswer(value, False, Fraction(0), why, definitions.Tolerance()) for value, why in wrong]
        answers += [definitions.NumericalAnswer(None, share > 0, share) for value, share in shares.items() if value == ANYTHING]
        return definitions.NumericalBody(tuple(answers), self._tolerance(ident, next(iter(right), None)))

    def _tolerance(self, ident: str, right: Fraction | None) -> definitions.Tolerance:
        """Return the tolerance of the comparison with the right number; a relative one is written in per cent, a range by its ends."""
        for equal in descendants(self.item, "equal"):
            named = {node.get("identifier") for node in descendants(equal, "variable")}
            if ident not in named or not equal.get("tolerance"):
                continue
            amount = max(abs(to_fraction(part)) for part in equal.get("tolerance", "0").split())
            relative = equal.get("toleranceMode") == "relative"
            return (
                definitions.Tolerance(definitions.ToleranceKind.RELATIVE, amount / 100)
                if relative
                else definitions.Tolerance(amount=amount)
            )
        branch = next((rule for rule in self._scoring(ident)), None)
        ends = [_ends(branch[0], ident, *names) for names in (("gte", "gt"), ("lte", "lt"))] if branch is not None else []
        if right is None or [len(bounds) for bounds in ends] != [1, 1] or not ends[0][0] <= right <= ends[1][0]:
            return definitions.Tolerance()
        return definitions.Tolerance(amount=min(abs(end - right) for bounds in ends for end in bounds))

    def _scoring(self, ident: str) -> Iterator[Element]:
        """Yield the branches that look at a response and say what it scores, in order."""
        for branch in (node for node in descendants(self.item, "responseIf", "responseElseIf") if len(node)):
            named = {variable.get("identifier") for variable in descendants(branch[0], "variable")}
            if ident in named and any(outcome.get("identifier") == "SCORE" for outcome in children(branch, "setOutcomeValue")):
                yield branch

    def _selected(self, interaction: Element) -> definitions.SingleChoiceBody:
        return single_choice(self._weighted(interaction, "inlineChoice"), shuffle=interaction.get("shuffle") == "true")


def ident_of(interaction: Element) -> str:
    """Return the name of an interaction's response."""
    return interaction.get("responseIdentifier", "")


def _ends(condition: Element, ident: str, *comparisons: str) -> list[Fraction]:
    """Return the numbers with which a condition compares a response so."""
    comparing = [node for node in descendants(condition, *comparisons) if ident in {inner.get("identifier") for inner in node}]
    return [to_fraction(words(value)) for node in comparing for value in children(node, "baseValue")]


def _all_or_nothing(weighted: Sequence[WeightedOption], shuffle: bool) -> definitions.MultipleChoiceBody:
    keys = KeyAllocator()
    options = []
    for option in weighted:
        text = next(iter(option.text.values()), "")
        options.append(
            definitions.Option(keys.of(text), option.text, option.credit > 0, Fraction(option.credit > 0), option.why, option.fixed)
        )
    return definitions.MultipleChoiceBody(tuple(options), definitions.MultipleRule.ALL_OR_NOTHING, shuffle)


NOTHING: Mapping[str, bytes] = MappingProxyType({})
_DAY = (1980, 1, 1, 0, 0, 0)


def package(files: Mapping[str, bytes], kind: str, schema_version: str, media: Mapping[str, bytes] = NOTHING) -> bytes:
    """Return a ZIP with these files, each a resource of the manifest; `kind` is the resources' type, that of `media` is web content."""
    root = xml.root("manifest", PACKAGE, identifier="MANIFEST")
    metadata = xml.add(root, f"{{{PACKAGE}}}metadata")
    xml.add(metadata, f"{{{PACKAGE}}}schema", "IMS Content")
    xml.add(metadata, f"{{{PACKAGE}}}schemaversion", schema_version)
    xml.add(root, f"{{{PACKAGE}}}organizations")
    resources = xml.add(root, f"{{{PACKAGE}}}resources")
    for at, path in enumerate((*files, *media), start=1):
        type_ = kind if path in files else "webcontent"
        resource = xml.add(resources, f"{{{PACKAGE}}}resource", identifier=f"R{at}", type=type_, href=path)
        xml.add(resource, f"{{{PACKAGE}}}file", href=path)
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {"imsmanifest.xml": xml.serialize(root), **files, **media}.items():
            info = zipfile.ZipInfo(path, _DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(info, content)
    return target.getvalue()


MANIFEST = "imsmanifest.xml"
DOCUMENTS = (".xml", ".qti")
_THIRD = b"qti-assessment-"
"""Begins the names of roots of QTI 3; its manifests name the version instead."""
_THIRD_MANIFEST = "xmlv3p0"
_THIRD_REFUSED = N_("This is QTI 3. Only 1.2, 2.1 and 2.2 can be imported.")
_ROOTS = (b"assessmentItem", b"assessmentTest", b"questestinterop", _THIRD)
"""Without one of these names a document of a package is none of QTI, and nobody looks into it."""
_TWINS = "non_cc_assessments/"
OTHER_FILES = N_("Other files of the package: pages, settings, assignments, files that no question shows")


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a QTI file or package; raises FileRefused for what is hostile, broken, or holds no item."""
    remarks = TransferRemarkCollector()
    remarks.carries_files = content.startswith(b"PK")
    files = read_archive(content, *DOCUMENTS, *SUFFIXES) if remarks.carries_files else {"": content}
    remarks.offered.update({path: content for path, content in files.items() if path.lower().endswith(SUFFIXES)})
    files = {path: content for path, content in files.items() if path not in remarks.offered}
    reader = _QtiReader(language, remarks)
    for path, root in _documents(files):
        reader.read(path, root)
    if not reader.found:
        is_third = reader.third or _THIRD_MANIFEST in files.get(MANIFEST, b"").decode("utf-8", "replace")
        raise FileRefused(_THIRD_REFUSED if is_third else N_("There are no QTI items in the file."))
    remarks.begin_question("")
    for path in names_in(content) if remarks.carries_files else ():
        if path not in reader.known | remarks.taken and not _is_duplicate(path, files):
            remarks.leave_out(OTHER_FILES, path)
    return ImportedQuestions(tuple(reader.sources), remarks.result(), remarks.media)


def _documents(files: Mapping[str, bytes]) -> Iterator[tuple[str, Element]]:
    """Yield the documents in the manifest's order; Canvas writes each quiz twice, and its own form says more."""
    manifest = files.get(MANIFEST, b"").decode("utf-8", "replace")
    places = {path: manifest.find(path) for path in files}
    for path in sorted(files, key=lambda path: (places[path] < 0, places[path], path)):
        if _is_duplicate(path, files):
            continue
        if not path or (path != MANIFEST and any(name in files[path].replace(b"\0", b"") for name in _ROOTS)):
            yield path, parse(files[path])


def _is_duplicate(path: str, files: Mapping[str, bytes]) -> bool:
    """Return whether a quiz of Canvas is there in its own form too."""
    name = PurePosixPath(path)
    return name.name == "assessment_qti.xml" and f"{_TWINS}{name.parent.name}.xml.qti" in files


class _QtiReader:
    """Collects the questions of all documents."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks
        self.keys = KeyAllocator()
        self.sources: list[SourceQuestion] = []
        self.found = self.third = False
        self.known = {MANIFEST}
        self.taken: dict[str, definitions.QuestionDefinition] = {}

    def read(self, path: str, root: Element) -> None:
        """Read one document; one that holds no items is passed over."""
        name = local(root)
        if name in ("assessmentItem", "questestinterop", "assessmentTest"):
            self.known.add(path)
        if name == "assessmentItem":
            self._take(root, one_line(clean(root.get("title") or root.get("identifier") or "")), path)
        elif name == "questestinterop":
            for item in descendants(root, "item"):
                self._take(item, name_of(item), path)
        elif name.startswith(_THIRD.decode()) or (name == "manifest" and _is_third(root)):
            self.third = True
            self.remarks.begin_question(path, line(root))
            self.remarks.refuse(NotTranslatable(_THIRD_REFUSED))
        elif name == "assessmentTest":
            self.remarks.begin_question("", 0)
            self.remarks.loss(
                N_("The test “%(name)s” is left out."),
                N_("Only its questions are imported. Create a quiz from them."),
                name=root.get("title", "")[:80],
            )

    def _take(self, item: Element, name: str, path: str) -> None:
        self.found = True
        shown = name or item.get("ident", "") or item.get("identifier", "")
        self.remarks.begin_question(f"{path}: {shown}" if path else shown, line(item))
        try:
            question = self._question(item, name)
            if self.remarks.lacks_file:
                question = replace(question, state=definitions.QuestionState.DRAFT)
            if self._is_copy(_identity(item), question):
                self.remarks.note(N_("The question appears twice and is imported once."))
            else:
                self.sources.append(SourceQuestion(question, line(item)))
        except NotTranslatable as refusal:
            self.remarks.refuse(refusal)

    def _is_copy(self, identity: str, question: definitions.QuestionDefinition) -> bool:
        """Return whether a question came in before; a copy that was changed inside a quiz is a question of its own."""
        known = self.taken.setdefault(identity, question)
        return known is not question and replace(question, key=known.key, mark=known.mark) == known

    def _question(self, item: Element, name: str) -> definitions.QuestionDefinition:
        if local(item) == "item":
            return CanvasReader(item, self.language, self.remarks).question(name, self.keys)
        return ItemReader(item, self.language, self.remarks).question(name, self.keys)


def _is_third(manifest: Element) -> bool:
    """Return whether a manifest names resources of QTI 3."""
    return any(_THIRD_MANIFEST in node.get("type", "") for node in descendants(manifest, "resource"))


def _identity(item: Element) -> str:
    """Return the identity of an item: for a copy inside a quiz of Canvas, the question that it was made of."""
    for field in descendants(item, "qtimetadatafield"):
        if words(child(field, "fieldlabel")).strip() == "assessment_question_identifierref":
            return words(child(field, "fieldentry")).strip()
    return item.get("ident") or item.get("identifier") or str(id(item))
