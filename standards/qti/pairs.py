"""Interactions of QTI 2 that pair things: matchings, and texts with gaps to which words are dragged."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from kernel.errors import N_
from questions.rules.definitions import Gap, GapsBody, KeyedLabel, MatchingBody, Pair, ShortAnswerBody, TextPattern, Texts
from standards._choices import WeightedOption, required_text, single_choice
from standards._gap import gap_name, gap_placeholder, with_gap_names
from standards._keys import KeyAllocator, matched
from standards._xml import Element, children, descendants, inner_markup
from standards.model import NotTranslatable
from standards.qti.texts import BLOCKS, INLINE, QtiTextReader
from standards.qti.worths import Paired, Worths


class PairReader:
    """Reads one such interaction; `inside` is then the text with gaps that it gives, '' for none."""

    def __init__(self, texts: QtiTextReader, worths: Worths, why: Callable[[str], Texts | None]) -> None:
        self.texts, self.worths, self._why = texts, worths, why
        self.language = texts.language
        self.inside = ""

    # --- Matchings ---------------------------------------------------------------------------------------------------------------------

    def matching(self, interaction: Element) -> MatchingBody | GapsBody:
        """Return a matching; gaps with a list each where its pairs are worth different points."""
        sets = children(interaction, "simpleMatchSet")
        if len(sets) != 2:
            raise NotTranslatable(N_("A matching has two sets."))
        items, matches = (
            {
                node.get("identifier", ""): required_text(self.texts.content(node, INLINE))
                for node in children(part, "simpleAssociableChoice")
            }
            for part in sets
        )
        shuffle = interaction.get("shuffle") == "true"
        response = interaction.get("responseIdentifier", "")
        paired = self.worths.of_pairs(response, list(items), list(matches), lambda item, match: f"{item} {match}")
        if paired is not None and not paired.is_even:
            return self._lists(items, matches, paired, shuffle)
        right = {item: paired.right(item) for item in items} if paired is not None else self._correct(response, items, matches)
        return self._matching(items, matches, right, shuffle)

    def _correct(self, response: str, items: Mapping[str, str], matches: Mapping[str, str]) -> dict[str, str]:
        stated = [pair.split() for pair in self.worths.of(response).correct]
        right = {pair[0]: pair[1] for pair in stated if len(pair) == 2}
        if len(right) != len(stated) or set(right) != set(items) or not set(right.values()) <= set(matches):
            raise NotTranslatable(
                N_("Not every item of the matching has exactly one match."), N_("Here, each matching item has exactly one.")
            )
        return right

    def _matching(self, items: Mapping[str, str], matches: Mapping[str, str], right: Mapping[str, str], shuffle: bool) -> MatchingBody:
        keys, choices = KeyAllocator(), matched([matches[right[ident]] for ident in items] + list(matches.values()))
        pairs = tuple(
            Pair(
                keys.of(item),
                {self.language: item},
                choices[matches[right[ident]]],
                {self.language: matches[right[ident]]},
                self._why(ident),
            )
            for ident, item in items.items()
        )
        used = {pair.match_key for pair in pairs}
        extra = tuple(KeyedLabel(key, {self.language: text}) for text, key in choices.items() if key not in used)
        return MatchingBody(pairs, extra, shuffle)

    def _lists(self, items: Mapping[str, str], matches: Mapping[str, str], paired: Paired, shuffle: bool) -> GapsBody:
        """Return one gap an item, each with the list of all matches and its own weight: pairs of a matching count all the same here."""
        self.texts.remarks.note(
            N_("The matching became gaps with a list to choose from."),
            N_("Its pairs are worth different marks, which gaps allow and pairs do not."),
        )
        gaps, lines = [], []
        for at, (ident, item) in enumerate(items.items(), start=1):
            name = gap_name(at, len(items))
            weighted = [WeightedOption({self.language: text}, paired.shares[ident, match]) for match, text in matches.items()]
            gaps.append(Gap(name, single_choice(weighted, shuffle=shuffle), paired.weights[ident]))
            lines.append(f"- {item}: {{{name}}}")
        self.inside = "\n".join(lines)
        return GapsBody(tuple(gaps))

    # --- Texts with gaps ---------------------------------------------------------------------------------------------------------------

    def dragged(self, interaction: Element) -> GapsBody:
        """Return a text with gaps that are filled from one set; a wrong text costs what the mapping takes for it."""
        texts = {node.get("identifier", ""): self.texts.content(node, INLINE) for node in children(interaction, "gapText")}
        places = [node.get("identifier", "") for node in descendants(interaction, "gap")]
        response = interaction.get("responseIdentifier", "")
        if not places or not texts:
            raise NotTranslatable(N_("Not every gap has one right text."))
        paired = self.worths.of_pairs(response, places, list(texts), lambda gap, text: f"{text} {gap}")
        right = {gap: paired.right(gap) for gap in places} if paired is not None else self._right_texts(response, places, texts)
        keys = matched([texts[right[gap]] for gap in places] + list(texts.values()))
        gaps = []
        for at, gap in enumerate(places, start=1):
            answers = [TextPattern({self.language: texts[right[gap]]}, True, Fraction(1), None, keys[texts[right[gap]]])]
            answers += self._others(gap, right[gap], texts, keys, paired)
            weight = paired.weights[gap] if paired is not None and not paired.is_even else Fraction(1)
            gaps.append(Gap(gap_name(at, len(places)), ShortAnswerBody(tuple(answers), True, self.language == "es"), weight))
        self.inside = self._gap_text(interaction)
        return GapsBody(tuple(gaps), True, tuple(KeyedLabel(key, {self.language: text}) for text, key in keys.items()))

    def _others(self, gap: str, right: str, texts: Mapping[str, str], keys: Mapping[str, str], paired: Paired | None) -> list[TextPattern]:
        """Return the other texts that gain or cost something in a gap."""
        shares = {texts[ident]: paired.shares[gap, ident] for ident in texts if ident != right} if paired is not None else {}
        return [
            TextPattern({self.language: text}, share > 0, share, None, keys[text])
            for text, share in shares.items()
            if share and text != texts[right]
        ]

    def _right_texts(self, response: str, places: Sequence[str], texts: Mapping[str, str]) -> dict[str, str]:
        pairs = [pair.split() for pair in self.worths.of(response).correct]
        right = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
        if set(right) != set(places) or not set(right.values()) <= set(texts):
            raise NotTranslatable(N_("Not every gap has one right text."))
        return right

    def _gap_text(self, interaction: Element) -> str:
        gaps = descendants(interaction, "gap")
        replace_by_gaps(gaps)
        for element in (*children(interaction, "gapText"), *children(interaction, "prompt")):
            interaction.remove(element)
        return with_gap_names(self.texts.html(inner_markup(interaction), BLOCKS), len(gaps))


def replace_by_gaps(interactions: Sequence[Element]) -> None:
    """Put the sign of a gap in the place of each interaction."""
    for at, interaction in enumerate(interactions, start=1):
        for inner in list(interaction):
            interaction.remove(inner)
        interaction.tag, interaction.text = "span", gap_placeholder(at)
        for name in list(interaction.attrib):
            del interaction.attrib[name]
