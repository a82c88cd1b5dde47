"""The model of the social budget and the marking of its tasks; standard library only.

`scenario` what goes in, `reference` the worked example, `budget` the formulas, `outputs` what comes out by name, `address` a scenario as a
short text, `numbers` numbers as people type them, `drawing`, `marking` and `attempts` the graded tasks.
"""
