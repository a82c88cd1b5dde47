"""The Monday digest in words: numbers by obligation; whom they concern stands behind sign-in (spec/compulsory 10.6)."""

from compliance.rules.team_digests import ObligationCounts, TeamDigest
from compliance.services.team_digests import Titles
from kernel.i18n import _, choose, ngettext

MOST_LINES = 20


def digest_words(digest: TeamDigest, titles: Titles) -> tuple[str, str]:
    """Return the subject and the words of a digest in the reader's language."""
    late = sum(counts.late for counts in digest.counts) or digest.above + digest.owned + digest.headless
    subject = (
        ngettext("Compulsory training: %(count)s overdue", "Compulsory training: %(count)s overdue", late)
        if late
        else _("Compulsory training of your people")
    )
    lines = [_counts_line(counts, choose(titles.get(counts.obligation_id))) for counts in digest.counts if counts.done < counts.required][
        :MOST_LINES
    ]
    if digest.above:
        lines.append(
            ngettext(
                "%(count)s person of units below has been overdue for 15 days or more.",
                "%(count)s people of units below have been overdue for 15 days or more.",
                digest.above,
            )
        )
    if digest.owned:
        lines.append(
            ngettext(
                "%(count)s person under an obligation of yours has been overdue for 30 days or more.",
                "%(count)s people under obligations of yours have been overdue for 30 days or more.",
                digest.owned,
            )
        )
    if digest.headless:
        lines.append(
            ngettext(
                "%(count)s overdue person has no head in the tree: name one for their unit.",
                "%(count)s overdue people have no head in the tree: name one for their units.",
                digest.headless,
            )
        )
    return subject, "\n".join(lines)


def _counts_line(counts: ObligationCounts, title: str) -> str:
    sentence = _("“%(title)s”: %(done)s of %(required)s done.", title=title, done=counts.done, required=counts.required)
    if not counts.late:
        return sentence
    late = ngettext("%(count)s overdue.", "%(count)s overdue.", counts.late)
    new = ngettext("%(count)s of them is new.", "%(count)s of them are new.", counts.new) if counts.new else ""
    return " ".join(filter(None, (sentence, late, new)))
