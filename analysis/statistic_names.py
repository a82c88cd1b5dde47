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
        N_(
            "Whether the questions measure the same thing. From 75 it is good enough for decisions about people. "
            "Below 65 it is weak: do not decide about people by this quiz alone."
        ),
    ),
    (
        "error_ratio",
        N_("Error ratio"),
        "%",
        N_("The standard error as a share of the standard deviation. The share that is chance is another: 100 minus the consistency."),
    ),
    (
        "standard_error",
        N_("Standard error"),
        "",
        N_("Two times out of three, chance adds or takes away up to so many points of a person’s result; sometimes more."),
    ),
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
        N_("How much it really weighs in telling people apart. A dash: people who do well on the quiz do worse on this question."),
    ),
    (
        "discrimination",
        N_("Discrimination %"),
        1,
        N_("Whether learners who do well on the rest do well on it: 30 or more is good, below 20 poor, below 0 misleading."),
    ),
    (
        "efficiency",
        N_("Efficiency %"),
        1,
        N_(
            "How well it separates people who know the subject, compared with the most that a question this easy or hard can; "
            "check it if below 15."
        ),
    ),
)
"""Field of PositionStatistics, its heading, what it is multiplied by, and what it says."""
CONCERNS = {
    "dubious": N_("it hardly separates people who know the subject: its efficiency is below 15%"),
    "negative_discrimination": N_("learners who know more get it wrong more often"),
    "too_hard": N_("very few learners answer it correctly"),
    "too_easy": N_("nearly all learners answer it correctly"),
}
