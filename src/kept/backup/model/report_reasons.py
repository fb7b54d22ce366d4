"""Why was a file not read, or a place not served, and what can be done about it?

Each reason has a cause and a cure, a sentence each.
"""

from enum import StrEnum

from babel.support import NullTranslations


class UnreadWhy(StrEnum):
    """Why a file is not in the copy, or not as it was at one moment."""

    DENIED = "denied"
    VANISHED = "vanished"
    UNSTEADY = "unsteady"
    BROKEN = "broken"


class FailedWhy(StrEnum):
    """Why a place has no new copy, or keeps more than it should."""

    AWAY = "away"
    FULL = "full"
    REFUSED = "refused"
    PRIVATE_LINE = "private line"
    BUSY = "busy"
    WRONG_KEY = "wrong key"
    DAMAGED = "damaged"
    SOURCE = "source"
    NEWER = "newer"
    NOT_CLEARED = "not cleared"
    UNKNOWN = "unknown"


Words = tuple[str, str]


def unread_words(why: UnreadWhy, texts: NullTranslations) -> Words:
    """The cause and the cure."""
    _ = texts.gettext
    known = {
        UnreadWhy.DENIED: (_("we may not read it."), _("Let us read it, or leave it out.")),
        UnreadWhy.VANISHED: (
            _("it went away while we copied."),
            _("If you moved it, all is well."),
        ),
        UnreadWhy.UNSTEADY: (
            _("it changed while we read it."),
            _("Close what writes to it and copy again."),
        ),
        UnreadWhy.BROKEN: (_("the disk did not give it back."), _("Check that disk soon.")),
    }
    return known[why]


def failed_words(why: FailedWhy, texts: NullTranslations) -> Words:
    """The cause and the cure."""
    _ = texts.gettext
    again = " " + _("Then press Copy now.")
    known = {
        FailedWhy.AWAY: (
            _("we could not reach it."),
            _("Plug it in or check the line.") + again,
        ),
        FailedWhy.FULL: (_("there is no room left."), _("Make room there.") + again),
        FailedWhy.REFUSED: (
            _("it did not let us in."),
            _("Check its key or password.") + again,
        ),
        FailedWhy.PRIVATE_LINE: (
            _("the private line is down."),
            _("We wait and never go around it."),
        ),
        FailedWhy.BUSY: (_("another copy is still at work."), _("Wait for it to end.")),
        FailedWhy.WRONG_KEY: (
            _("your key does not open it."),
            _("Look for the sheet with the words."),
        ),
        FailedWhy.DAMAGED: (
            _("a file there is damaged."),
            _("Press Look through all of it to see which.") + again,
        ),
        FailedWhy.SOURCE: (
            _("your data could not be read whole."),
            _("Nothing was sent. Check the disk."),
        ),
        FailedWhy.NEWER: (_("a newer program wrote it."), _("Bring this one up to date.")),
        FailedWhy.NOT_CLEARED: (
            _("old copies could not be cleared."),
            _("Press Make room to see why."),
        ),
        FailedWhy.UNKNOWN: (
            _("something went wrong."),
            _("Nothing you have is lost. Ask for help."),
        ),
    }
    return known[why]
