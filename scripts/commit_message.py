"""Check the form of a commit message: `package: imperative sentence`, one change, and why.

python3 scripts/commit_message.py FILE             check the message in a file (git's commit-msg hook)
python3 scripts/commit_message.py --range A..B     check every commit of a range
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.packages import read_packages

ROOT = Path(__file__).resolve().parent.parent
OTHERS = ("templates", "static", "scripts", "migrations", "deploy", "docs", "tests", "build", "content", "i18n", "release")
OTHERS = ("templates", "static", "scripts", "migrations", "deploy", "docs", "tests", "build", "content", "i18n", "release")
PREFIXES = (*read_packages(), *OTHERS)
LONGEST = 72
SUBJECT = re.compile(r"(?P<prefix>[a-z0-9]+): (?P<sentence>\S.*)")
SCISSORS = "# ------------------------ >8 ------------------------"
BY_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ")


def problems(message: str) -> list[str]:
    """Return the faults of a commit message, one sentence each; nothing where it is well formed."""
    text = message.split(SCISSORS)[0]
    lines = [line.rstrip() for line in text.splitlines() if not line.startswith("#")]
    subject, body = (lines[0] if lines else ""), lines[1:]
    if subject.startswith(BY_GIT):
        return []
    found = [*_of_subject(subject)]
    if not any(body):
        found.append("Add a body that says why the change is made.")
    elif body[0]:
        found.append("Leave the second line empty.")
    return found


def _of_subject(subject: str) -> list[str]:
    match = SUBJECT.fullmatch(subject)
    if match is None:
        return ["Begin with a package and an imperative: “quizzes: skip empty responses”."]
    found = []
    if match["prefix"] not in PREFIXES:
        found.append(f"“{match['prefix']}” is no prefix. Use one of: {', '.join(PREFIXES)}.")
    if len(subject) > LONGEST:
        found.append(f"The subject has {len(subject)} characters; {LONGEST} is the most.")
    if ";" in subject or subject.endswith("."):
        found.append("Write one sentence without a full stop or a semicolon; two changes are two commits.")
    return found


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout.decode()  # noqa: S607 - git, by name


def main(arguments: list[str]) -> int:
    """Run the command; return 1 where a message is not well formed."""
    if arguments[:1] == ["--range"]:
        commits = _git("rev-list", "--reverse", arguments[1]).split()
        messages = {commit[:9]: _git("log", "-1", "--format=%B", commit) for commit in commits}
    else:
        messages = {"commit message": Path(arguments[0]).read_text("utf-8")}
    found = [f"{name}: {problem}" for name, message in messages.items() for problem in problems(message)]
    for line in found:
        sys.stderr.write(line + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
