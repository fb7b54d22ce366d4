"""What may be wrong with a repository, in words: the cause, what is lost, what to do.

Three sentences for each finding, in the reader's language.
"""

from dataclasses import dataclass
from enum import StrEnum

from kept.base.texts import translations


class Problem(StrEnum):
    """What was found."""

    CONFIG_DAMAGED = "config damaged"
    KEY_DAMAGED = "key damaged"
    LOCK_DAMAGED = "lock damaged"
    SNAPSHOT_DAMAGED = "snapshot damaged"
    INDEX_DAMAGED = "index damaged"
    PART_MISSING = "part missing"
    PART_SIZE = "part of another size"
    PART_DAMAGED = "part damaged"
    PART_UNREAD = "part unread"
    PART_UNLISTED = "part in no index"
    TAKEN_AWAY = "file taken away"
    FOLDER_LOST = "folder lost"
    FILE_LOST = "file lost"


HARMLESS = frozenset({Problem.LOCK_DAMAGED, Problem.PART_UNLISTED})  # nothing a copy leans on


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    `name` is a file of the repository (`data/<name>`, `config`) or, of FOLDER_LOST and FILE_LOST,
    the path in the snapshot `snapshot`; `detail` is for a technician.
    """

    problem: Problem
    name: str
    detail: str
    snapshot: str = ""

    @property
    def is_harmless(self) -> bool:
        """Whether every copy can still be restored in full, as far as this goes."""
        return self.problem in HARMLESS


@dataclass(frozen=True, slots=True)
class FindingWords:
    """A finding in a reader's language."""

    cause: str
    lost: str
    todo: str


def finding_words(problem: Problem, lang: str) -> FindingWords:
    """What to tell about a problem."""
    _ = translations(lang).gettext
    some = _("Files in it may be lost; they are named below.")
    again = _("Copy again: what is still on your disk is stored anew.")
    mend = _("Run adopt --read-data: it saves what is whole in the part and takes the rest out.")
    once = _("Once the parts are mended, copy again: what is still on your disk is stored anew.")
    known = {
        Problem.CONFIG_DAMAGED: (
            _("The first page of this repository was changed after it was written."),
            _("Nothing is lost yet, but no program opens it."),
            _("Take that one file back from another copy of the repository."),
        ),
        Problem.KEY_DAMAGED: (
            _("A key file was changed after it was written."),
            _("The password of that key opens nothing any more. Others still do."),
            _("Add that password again, then remove the damaged key file."),
        ),
        Problem.LOCK_DAMAGED: (
            _("A lock file cannot be read."),
            _("Nothing is lost, but cleaning waits for it."),
            _("If nobody is at work there, remove that file."),
        ),
        Problem.SNAPSHOT_DAMAGED: (
            _("The page of one copy was changed after it was written."),
            _("That one copy cannot be chosen any more. Its files may be in others."),
            _("Copy again, then remove the damaged page."),
        ),
        Problem.INDEX_DAMAGED: (
            _("A list of what lies where was changed after it was written."),
            _("Nothing is lost: the parts tell it themselves."),
            _("Run adopt: it writes the list anew."),
        ),
        Problem.PART_MISSING: (_("A part is gone."), some, again),
        Problem.PART_SIZE: (
            _("A part is longer or shorter than it was when it was written."),
            some,
            f"{mend} {again}",
        ),
        Problem.PART_DAMAGED: (
            _("A part was changed after it was written."),
            some,
            " ".join((mend, again, _("Check that disk soon."))),
        ),
        Problem.PART_UNREAD: (
            _("A part could not be read just now."),
            _("We cannot tell yet."),
            _("Check the line or the disk and try again."),
        ),
        Problem.PART_UNLISTED: (
            _("A part stands in no list: a run was cut short."),
            _("Nothing is lost."),
            _("The next copy puts it to use, or run adopt."),
        ),
        Problem.TAKEN_AWAY: (
            _("A file that lay here after the last copy is gone; this house did not remove it."),
            _("If it is a snapshot, that copy is lost. If it is a part, files in it may be lost."),
            _("Find out who can delete here, copy again, and keep a copy at a second place."),
        ),
        Problem.FOLDER_LOST: (
            _("The list of a folder is lost."),
            _("All in that folder is lost in this copy."),
            once,
        ),
        Problem.FILE_LOST: (
            _("A piece of a file is lost."),
            _("That file cannot be restored from this copy."),
            once,
        ),
    }
    return FindingWords(*known[problem])
