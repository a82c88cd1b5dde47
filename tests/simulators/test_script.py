"""The page's script computes what the server computes, and writes and reads numbers alike (simulator.md: 1e-9 relative)."""

import base64
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from kernel.i18n import number, reading
from simulators.rules.budget import REFERENCE, compute
from simulators.rules.scenario import read_typed
from tests.simulators.scenarios import random_inputs

SCRIPT = Path(__file__).resolve().parents[2] / "static" / "js" / "simulator.js"
NODE = compute_driver_executable()[0]
"""The node that Playwright brings, so that no other has to be installed."""


def run(expression: str, given: Any) -> Any:
    """Return what an expression of the script's functions gives; `given` is what it works on."""
    address = "data:text/javascript;base64," + base64.b64encode(SCRIPT.read_bytes()).decode()
    program = (
        "let text = ''; for await (const part of process.stdin) text += part; const given = JSON.parse(text);"
        f"const {{ compute, shown, typed }} = await import('{address}');"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", program], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_script_and_server_agree_on_every_output_of_random_scenarios() -> None:
    chance = random.Random(1935)  # noqa: S311 - any scenarios do
    scenarios = [dict(REFERENCE), *(random_inputs(chance) for _turn in range(300))]

    computed = run("given.map(compute)", scenarios)

    for inputs, theirs in zip(scenarios, computed, strict=True):
        ours = compute(inputs)
        assert set(theirs) == set(ours)
        for name, value in ours.items():
            if value is None:
                assert theirs[name] is None, name
            else:
                assert theirs[name] == pytest.approx(value, rel=1e-9, abs=0), name


def test_script_writes_numbers_as_the_server_does() -> None:
    chance = random.Random(7)  # noqa: S311 - seeded, not secret
    values = [0.0, 0.98, 1.005, 2.675, -217.5571, -0.001, 999.995, 9999.5, 36214.0, 1234567.891, 145304575951.05, 0.5, 1.5]
    values += [chance.uniform(-1, 1) * 10 ** chance.randint(-4, 12) for _turn in range(200)]
    asked = [[value, digits, language] for value in values for digits in (0, 1, 2, 4) for language in ("es", "en")]

    written = run("given.map(([value, digits, language]) => shown(value, digits, language))", asked)

    for (value, digits, language), theirs in zip(asked, written, strict=True):
        with reading(str(language)):
            assert theirs == number(float(value), int(digits)), (value, digits, language)


def test_script_reads_what_is_plain_and_leaves_the_rest_to_the_server() -> None:
    plain = ["64,44", "64.44", "1850000", "1 850 000", "0,234", "−5", "12 %", "0.1", "1850000,5"]
    unsure = ["1.234", "1.850.000", "mucho", "", "1e5"]

    read = run("given.map((text) => typed(text, -2, 'es'))", plain + unsure)

    assert read[: len(plain)] == [float((read_typed(text, "es") or 0) / 100) for text in plain]
    assert read[len(plain) :] == [None] * len(unsure)
