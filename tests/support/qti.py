"""QTI for tests: items of 1.2 as Canvas writes them and items of 2.1, put together from their pieces."""

from standards.model import ImportedQuestions
from standards.qti.read import read

ENTRY = '<p>¿Qué?</p><p><textEntryInteraction responseIdentifier="R"/></p>'
"""A question of 2.1 that is answered with a word or a number."""


def item_1(kind: str, presentation: str, processing: str = "", text: str = "¿Qué?") -> bytes:
    """Return an item of 1.2, of a type of Canvas."""
    field = f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
    material = f'<material><mattext texttype="text/html">&lt;p&gt;{text}&lt;/p&gt;</mattext></material>'
    return (
        f'<questestinterop><item ident="i1" title="uno"><itemmetadata><qtimetadata>{field}</qtimetadata></itemmetadata>'
        f"<presentation>{material}{presentation}</presentation><resprocessing>{processing}</resprocessing></item></questestinterop>"
    ).encode()


def condition(inner: str, score: str = "100") -> str:
    """Return a condition of 1.2 and what it scores."""
    return f"<respcondition><conditionvar>{inner}</conditionvar><setvar varname='SCORE'>{score}</setvar></respcondition>"


def label(ident: str, words: str) -> str:
    """Return one of the choices of a response of 1.2."""
    return f'<response_label ident="{ident}"><material><mattext>{words}</mattext></material></response_label>'


def choices(ident: str, name: str, labels: str) -> str:
    """Return a response of 1.2 with its choices."""
    material = f"<material><mattext>{name}</mattext></material>"
    return f'<response_lid ident="response_{ident}">{material}<render_choice>{labels}</render_choice></response_lid>'


def item_2(declared: str, inside: str, processing: str = "", rest: str = "") -> ImportedQuestions:
    """Read an item of 2.1."""
    head = '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="uno">'
    body = f"<itemBody>{inside}</itemBody><responseProcessing>{processing}</responseProcessing>"
    return read(f"{head}{declared}{body}{rest}</assessmentItem>".encode())


def response(kind: str, right: str, ident: str = "R") -> str:
    """Declare a response of 2.1 with its right value."""
    value = f"<correctResponse><value>{right}</value></correctResponse>"
    return f'<responseDeclaration identifier="{ident}" cardinality="single" baseType="{kind}">{value}</responseDeclaration>'


def compared(value: str, comparison: str = "match") -> str:
    """Return the comparison of the response with a value."""
    return f'<{comparison}><variable identifier="R"/><baseValue baseType="string">{value}</baseValue></{comparison}>'


def within(low: str, high: str) -> str:
    """Return the comparison of the response with both ends of a range."""
    return f"<and>{compared(low, 'gte')}{compared(high, 'lte')}</and>"


def scores(compared_so: str, worth: str, ident: str = "SCORE") -> str:
    """Return the rule that sets what a comparison scores."""
    setting = f'<setOutcomeValue identifier="{ident}"><baseValue baseType="float">{worth}</baseValue></setOutcomeValue>'
    return f"<responseCondition><responseIf>{compared_so}{setting}</responseIf></responseCondition>"
