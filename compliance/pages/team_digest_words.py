"""The Monday digest in words: numbers by obligation; whom they concern stands behind sign-in (spec/compulsory 10.6)."""

from compliance.rules.team_digests import ObligationCounts, TeamDigest
from compliance.services.team_digests import Titles
from kernel.i18n import _, choose, ngettext

MOST_LINES = 20


def digest_words(digest: TeamDigest, titles: Titles) -> tuple[str, str]:
    """Return the subject and the words of a digest in the reader's language."""
    late = sum(one.late for one in digest.counts) or digest.above + digest.owned + digest.headless
    subject = (
        ngettext("Compulsory training: %(count)s overdue", "Compulsory training: %(count)s overdue", late)
        if late
        else _("Compulsory training of your people")
    )
    lines = [_counts_line(one, choose(titles.get(one.obligation_id))) for one in digest.counts if one.done < one.required][:MOST_LINES]
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


def _counts_line(one: ObligationCounts, title: str) -> str:
    words = _("“%(title)s”: %(done)s of %(required)s done.", title=title, done=one.done, required=one.required)
    if not one.late:
        return words
    late = ngettext("%(count)s overdue.", "%(count)s overdue.", one.late)
    new = ngettext("%(count)s of them is new.", "%(count)s of them are new.", one.new) if one.new else ""
    return " ".join(filter(None, (words, late, new)))
