"""What stands on the sheet of paper that opens a repository when everything else is gone?

Whoever finds it in ten years may not know Kept: so it says what it opens, where that lies, and how
to open it with restic alone. No name of a file and nothing of a person stands on it.
"""

from dataclasses import dataclass
from datetime import date
from html import escape

WIDTH = 3  # words on a line


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """One sheet. `repository` is the beginning of its id; `where` holds no password."""

    where: str
    repository: str
    words: tuple[str, ...]
    day: date


def plain_text(sheet: Sheet) -> str:
    """The sheet for any printer."""
    told = [
        "RECOVERY SHEET",
        "",
        f"Opens the copies in   {sheet.where}",
        f"Repository            {sheet.repository}",
        f"Made on               {sheet.day.isoformat()}",
        "",
        "The words, in this order:",
        "",
        *(f"    {line}" for line in word_lines(sheet)),
        "",
        *steps(sheet),
    ]
    return "\n".join(told) + "\n"


def html_page(sheet: Sheet) -> str:
    """The sheet as a page to print; it loads nothing from anywhere."""
    words = "".join(f"<li>{escape(word)}</li>" for word in sheet.words)
    told = "".join(f"<p>{escape(line)}</p>" for line in steps(sheet) if line)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Recovery sheet</title>'
        "<style>body{font:14pt/1.5 serif;max-width:42em;margin:2em auto}"
        "ol{font:18pt/1.6 monospace;columns:3}p{overflow-wrap:anywhere}</style>"
        "<h1>Recovery sheet</h1>"
        f"<p>Opens the copies in <b>{escape(sheet.where)}</b><br>"
        f"Repository {escape(sheet.repository)}, made on {sheet.day.isoformat()}</p>"
        f"<ol>{words}</ol>{told}</html>\n"
    )


def word_lines(sheet: Sheet) -> list[str]:
    """The words, numbered, a few on a line."""
    numbered = [f"{place}. {word}" for place, word in enumerate(sheet.words, start=1)]
    return [
        "   ".join(one.ljust(9) for one in numbered[at : at + WIDTH]).rstrip()
        for at in range(0, len(numbered), WIDTH)
    ]


def steps(sheet: Sheet) -> list[str]:
    """How to use it, with Kept or without."""
    return [
        "Whoever has these words and reaches the copies can read them all. Keep this sheet apart",
        "from the computer and from the disk with the copies.",
        "",
        "To restore: write the words into a file, on one line, small letters, one blank between",
        "two words, no numbers. Then, with Kept:",
        f"    kept backup --repo {sheet.where} --passphrase-file FILE restore latest --target DIR",
        "or with restic, a free program that anybody can get:",
        f"    restic -r {sheet.where} --password-file FILE restore latest --target DIR",
    ]
