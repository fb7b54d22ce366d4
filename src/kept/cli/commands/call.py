"""What does a command get? The house, its arguments, and who calls.

The actor is `cli:<os user>` with the owner's role: whoever may enter the data folder owns it.
"""

import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.base.ids import PersonId, StaffId
from kept.ledger.model import Actor
from kept.vault.model.gate import Asker
from kept.vault.model.rules import Role
from kept.wiring.house import House


def user_name(uid: int) -> str:
    """The operating system's name of a user; never the environment's, which anybody can set."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid{uid}"


def waited_for() -> bool:
    """The `is_left` of a command in whose own process it is asked for."""
    return False


@dataclass(frozen=True, slots=True)
class Call:
    """One command at work.

    `signed` waits for the ledger; False when it does not sign now. `is_alone` says that no server
    runs here, so nobody but the command itself goes on with what takes several steps. `is_left`
    says that whoever asked is gone and hears no answer.
    """

    house: House
    args: Mapping[str, Json]
    user: str
    progress: Callable[[dict[str, Json]], None]
    signed: Callable[[], bool]
    is_alone: bool
    is_left: Callable[[], bool] = waited_for

    @property
    def actor(self) -> Actor:
        """Who does it."""
        return Actor("cli", self.user, Role.OWNER.value)

    @property
    def asker(self) -> Asker:
        """Who asks the gate; the book's limits on looking at people hold here too."""
        return Asker(self.actor, Role.OWNER, limits=self.house.book.rules.limits)

    @property
    def lang(self) -> str:
        """The house's language."""
        return self.house.book.business.language

    def text(self, name: str, default: str = "") -> str:
        """An argument that is text.

        Raises:
            MalformedError: it is something else.
        """
        value = self.args.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise MalformedError(name, "must be text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """An argument that is a list of texts.

        Raises:
            MalformedError: it is something else.
        """
        value = self.args.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise MalformedError(name, "must be a list of texts")
        return tuple(str(one) for one in value)

    def number(self, name: str, default: int) -> int:
        """An argument that is a whole number.

        Raises:
            MalformedError: it is something else.
        """
        value = self.args.get(name, default)
        if type(value) is not int:
            raise MalformedError(name, "must be a whole number")
        return value

    def person(self) -> PersonId:
        """The person named by `id`.

        Raises:
            MalformedError: no id.
        """
        return PersonId.parse(self.text("id"))

    def staff(self) -> StaffId:
        """The colleague named by `id`.

        Raises:
            MalformedError: no id.
        """
        return StaffId.parse(self.text("id"))
