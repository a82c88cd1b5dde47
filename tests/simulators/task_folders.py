"""Course folders with a task for tests."""

from tests.support import builders

TASK = "01-parte/04-tarea.simulator.yaml"
HEAD = "key: tarea-1\ntitle:\n  es: Tarea 1\n  en: Task 1\nmodel: presupuesto-social\nversion: 1\n"
BODY = """text: Proponga una pensión con {meses} pagos que llegue a nueve de cada diez personas.
start:
  vejez.meses: '{meses}'
  vejez.captacion: 0.5
variables:
  meses: {from: 10, to: 14, step: 1}
editable:
  - vejez.elegible
  - vejez.captacion
  - vejez.tramos.1.factor_linea
goals:
  - key: cobertura
    text: Llega al menos al 90 % de las personas mayores.
    output: vejez.cobertura
    min: 90
    mark: 2
  - key: costo
    text: Cuesta como máximo el 1,2 % del PIB.
    output: vejez.pct_pib
    max: 1.2
    mark: 2
asks:
  - key: linea
    text: ¿Cuánto es la línea de pobreza de 2030?
    output: macro.linea_meta
    tolerance: 0.01
    unit: USD al mes
    explanation: Es la línea de 2025 con cinco años de inflación; aquí hay {meses} pagos.
attempts: 2
"""


def folder(body: str = BODY, key: str = "prueba") -> dict[str, bytes]:
    """Return a course of one module whose last activity is a task."""
    return {**builders.folder(key, modules=1), TASK: (HEAD + body).encode()}
