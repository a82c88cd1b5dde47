"""Names, units and plain explanations of the figures of spec/quiz-engine 5.12, for the pages, the downloads and the command line."""

from kernel.errors import N_

QUIZ = (
    ("attempts", N_("Attempts"), "", N_("How many attempts are counted.")),
    ("mean", N_("Mean"), "", N_("The average of the points.")),
    ("median", N_("Median"), "", N_("Half of the attempts have more points, half have fewer.")),
    ("deviation", N_("Standard deviation"), "", N_("How far the points usually are from the mean.")),
    (
        "skewness",
        N_("Skewness"),
        "",
        N_("Below 0: most results are near the maximum, with some far below. Above 0: most are near the minimum."),
    ),
    ("kurtosis", N_("Kurtosis"), "", N_("Above 0: most results are close together, with some far away. Below 0: they are spread evenly.")),
    (
        "consistency",
        N_("Internal consistency (Cronbach’s alpha)"),
        "%",
        N_("Whether the questions measure the same thing. From 75 it is good enough for decisions about people; below 65 it is weak."),
    ),
    ("error_ratio", N_("Error ratio"), "%", N_("How much of the variation in points is chance rather than knowledge.")),
    ("standard_error", N_("Standard error"), "", N_("How many points chance may add to or take from one person’s result.")),
)
"""Field of QuizStatistics, its name, its unit, and what it says."""
POSITION = (
    (
        "facility",
        N_("Facility %"),
        100,
        N_("Mean mark as a share of the maximum: 0 if no one gets marks, 100 if everyone gets full marks."),
    ),
    ("deviation", N_("Deviation %"), 1, N_("How far the marks usually are from their mean, relative to the maximum.")),
    ("intended_weight", N_("Intended weight %"), 1, N_("Its share of the quiz’s maximum.")),
    (
        "effective_weight",
        N_("Effective weight %"),
        1,
        N_("Its share of the variation in results. A dash: it correlates negatively with the total."),
    ),
    (
        "discrimination",
        N_("Discrimination %"),
        1,
        N_("Whether learners who do well on the rest do well on it: 30 or more is good, below 20 poor, below 0 misleading."),
    ),
    ("efficiency", N_("Efficiency %"), 1, N_("The discrimination as a share of what its marks allow; check the question if below 15.")),
)
"""Field of PositionStatistics, its heading, what it is multiplied by, and what it says."""
CONCERNS = {
    "dubious": N_("dubious: its efficiency is below 15%"),
    "negative_discrimination": N_("learners who know more get it wrong more often"),
    "too_hard": N_("very few learners answer it correctly"),
    "too_easy": N_("nearly all learners answer it correctly"),
}
