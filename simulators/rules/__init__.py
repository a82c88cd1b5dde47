"""The model of the social budget and the marking of its tasks; standard library only.

`scenario` what goes in, with numbers as people type them, `budget` the worked example, the formulas, what comes out by name and a scenario
as a short text, `tasks` the graded tasks: drawing, marking and attempts.
"""
