"""Names, units and plain explanations of the figures of 5.12, for the pages, the downloads and the command line."""

from kernel.errors import N_

QUIZ = (
    ("attempts", N_("Attempts"), "", N_("How many attempts are counted.")),
    ("mean", N_("Mean"), "", N_("The average of the points.")),
    ("median", N_("Median"), "", N_("Half of the attempts have more points, half have fewer.")),
    ("deviation", N_("Standard deviation"), "", N_("How far the points usually lie from the mean.")),
    ("skewness", N_("Skewness"), "", N_("Below 0: most are near the top and some far below. Above 0: most are near the bottom.")),
    ("kurtosis", N_("Kurtosis"), "", N_("Above 0: most lie close together with some far away. Below 0: they are spread evenly.")),
    (
        "consistency",
        N_("Internal consistency (Cronbach’s alpha)"),
        "%",
        N_("Whether the questions measure the same thing. From 75 on it serves to decide about people; below 65 it is weak."),
    ),
    ("error_ratio", N_("Error ratio"), "%", N_("How much of the spread of points is chance rather than knowledge.")),
    ("standard_error", N_("Standard error"), "", N_("How many points chance may add or take from one person’s result.")),
)
"""Field of QuizStatistics, its name, its unit, and what it says."""
POSITION = (
    ("facility", N_("Facility %"), 100, N_("Mean mark as a share of the maximum: 0 nobody, 100 everybody.")),
    ("deviation", N_("Deviation %"), 1, N_("How far the marks usually lie from their mean, of the maximum.")),
    ("intended_weight", N_("Intended weight %"), 1, N_("Its share of the quiz’s maximum.")),
    (
        "effective_weight",
        N_("Effective weight %"),
        1,
        N_("Its share in what makes results differ. A dash: its marks go against the total."),
    ),
    (
        "discrimination",
        N_("Discrimination %"),
        1,
        N_("Whether those who do well in the rest do well in it: from 30 on good, below 20 poor, below 0 misleading."),
    ),
    ("efficiency", N_("Efficiency %"), 1, N_("The discrimination as a share of what its marks allow; below 15 it deserves a look.")),
)
"""Field of PositionStatistics, its heading, what it is multiplied by, and what it says."""
CONCERNS = {
    "dubious": N_("dubious: its efficiency is below 15%"),
    "negative_discrimination": N_("who knows more fails it more often"),
    "too_hard": N_("hardly anybody gets it right"),
    "too_easy": N_("nearly everybody gets it right"),
}
