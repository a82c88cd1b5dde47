"""A scenario with its results as a table to download: what went in, what came out, and how to repeat it."""

import csv
import io

from kernel.i18n import _
from simulators.rules.address import encode, write_number
from simulators.rules.outputs import compute
from simulators.rules.scenario import MODEL, SPECS, VERSION, Inputs
from simulators.wording import full_label, output_label

HEAD = "\ufeff"
"""So that office programs read the accents."""


def scenario_csv(inputs: Inputs, address: str) -> str:
    """Return inputs and outputs as CSV: kind, name, words, value with a decimal point; the formulas' version and the link first."""
    target = io.StringIO()
    sheet = csv.writer(target, lineterminator="\r\n")
    sheet.writerow([_("part"), _("name"), _("meaning"), _("value")])
    sheet.writerow(["model", MODEL, _("Model and version of its formulas"), VERSION])
    sheet.writerow(["scenario", encode(inputs), _("Link to this scenario"), address])
    for name in SPECS:
        if name in inputs:
            sheet.writerow(["input", name, full_label(name), write_number(inputs[name])])
    for name, value in compute(inputs).items():
        sheet.writerow(["output", name, output_label(name), "" if value is None else write_number(value)])
    return HEAD + target.getvalue()
