"""QTI's own words: name spaces, interactions, and the identifiers that our writer uses."""

ITEM_2 = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
ITEM_1 = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"

INTERACTIONS = frozenset(
    {
        *("choiceInteraction", "orderInteraction", "matchInteraction", "gapMatchInteraction"),
        *("textEntryInteraction", "inlineChoiceInteraction", "extendedTextInteraction", "uploadInteraction"),
    }
)
"""Interactions that are read; hotspots, hot text, sliders and drawings are not."""
NUMBERS = frozenset({"float", "integer"})
EXPLANATION = "explanation"
"""The identifier of the modal feedback that holds an explanation of ours."""
RESPONSE = "RESPONSE"
