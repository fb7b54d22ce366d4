"""May this password be used?

Rules, in order: at least `SHORTEST` and at most `LONGEST` characters after NFKC; neither the
business's name nor the account's e-mail inside; not in the table of known passwords. No rules of
composition and no forced change: they make passwords worse.

Source: NIST SP 800-63B §5.1.1.2.
"""

import unicodedata
from enum import StrEnum

from kept.staff.model.breached import BreachedTable

SHORTEST = 12  # characters
LONGEST = 256  # characters
_TELLING = 4  # letters: a shorter name inside a long password says nothing


class PasswordFault(StrEnum):
    """Why a password is refused. The value is stable; its sentence is `FAULT_TEXT`."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    HOLDS_BUSINESS = "holds_business"
    HOLDS_EMAIL = "holds_email"
    BREACHED = "breached"


FAULT_TEXT: dict[PasswordFault, str] = {  # message ids of the catalogues
    PasswordFault.TOO_SHORT: "Use at least 12 characters. A few words in a row are good.",
    PasswordFault.TOO_LONG: "Use at most 256 characters.",
    PasswordFault.HOLDS_BUSINESS: "Leave the name of the business out of the password.",
    PasswordFault.HOLDS_EMAIL: "Leave your e-mail address out of the password.",
    PasswordFault.BREACHED: "This password is on lists that thieves try first. Choose another.",
}


def normal_form(password: str) -> str:
    """NFKC: the same letters typed on another keyboard give the same password."""
    return unicodedata.normalize("NFKC", password)


def find_fault(
    password: str, *, business: str, email: str, table: BreachedTable
) -> PasswordFault | None:
    """The first rule this password breaks, or None. `password` may be in any form."""
    text = normal_form(password)
    if len(text) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(text) > LONGEST:
        return PasswordFault.TOO_LONG
    letters = _letters(text)
    if _is_inside(business, letters):
        return PasswordFault.HOLDS_BUSINESS
    if _is_inside(email.partition("@")[0], letters):
        return PasswordFault.HOLDS_EMAIL
    return PasswordFault.BREACHED if table.holds(text) else None


def _is_inside(name: str, letters: str) -> bool:
    wanted = _letters(normal_form(name))
    return len(wanted) >= _TELLING and wanted in letters


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
