"""What is typed to let colleagues and services in and out?"""

from typing import Annotated, Any

from cyclopts import App, Parameter

from kept.cli.answers import AsJson, Id, table, tell
from kept.cli.reach import At

staff = App(name="staff", help="Colleagues: invite, list, reset, disable.")
keys = App(name="keys", help="API keys of services: issue, list, revoke.")
Can = Annotated[tuple[str, ...], Parameter(name="--can", negative="")]
Purposes = Annotated[tuple[str, ...], Parameter(name="--purpose", negative="")]
NoLimit = Annotated[bool, Parameter(name="--no-reveal-limit", negative="")]
Categories = Annotated[tuple[str, ...], Parameter(name="--category", negative="")]


@staff.command(name="list")
def list_staff(*, json: AsJson = False, at: At) -> None:
    """Everybody who works or worked here.

    Args:
        json: a list on one line.
        at: where the house lies.
    """
    words = ("id", "email", "name", "role", "state", "review_overdue")
    tell(at.do("staff list"), lambda rows: table(rows, *words), as_json=json)


@staff.command
def invite(
    email: str, /, *, role: str = "operator", name: str = "", json: AsJson = False, at: At
) -> None:
    """Invite somebody; the link works once, for three days.

    Args:
        email: the login.
        role: owner, senior, operator or auditor.
        name: as colleagues see it.
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("staff invite", email=email, role=role, name=name), _link, as_json=json)


@staff.command
def disable(id_: Id, /, *, json: AsJson = False, at: At) -> None:
    """Close every door of somebody who leaves.

    Args:
        id_: of `staff list`.
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("staff disable", id=id_), _left, as_json=json)


@staff.command
def reset(id_: Id, /, *, json: AsJson = False, at: At) -> None:
    """Take password and second factor away and give a new link.

    Args:
        id_: of `staff list`.
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("staff reset", id=id_), _link, as_json=json)


def _link(made: dict[str, Any]) -> str:
    return f"Hand this link to {made['email']}; it works once, for three days:\n{made['link']}"


def _left(left: dict[str, Any]) -> str:
    seen = ", ".join(left["keys_seen"])
    more = f" They saw these API keys; issue them anew: {seen}" if seen else ""
    return f"{left['email']} left; sessions ended: {left['sessions_ended']}.{more}"


@keys.command
def issue(
    name: str,
    /,
    *,
    can: Can,
    purpose: Purposes,
    category: Categories = (),
    days: int = 90,
    no_reveal_limit: NoLimit = False,
    json: AsJson = False,
    at: At,
) -> None:
    """Make a key for one service. It is shown once.

    Args:
        name: which service will hold it.
        can: read, write, import or find; may be given again.
        purpose: what for; may be given again.
        category: which data; all of the purposes without it.
        days: how long it lives, at most 366.
        no_reveal_limit: let it open any number of people: for a program that goes through them
            all. Without it the limits for colleagues hold, 30 people in ten minutes and 200 a day
            unless the book says otherwise.
        json: one object on one line.
        at: where the house lies.
    """
    made = at.do(
        "keys issue",
        name=name,
        capabilities=list(can),
        purposes=list(purpose),
        categories=list(category),
        days=days,
        unlimited=int(no_reveal_limit),
    )
    tell(made, _issued, as_json=json)


def _issued(made: dict[str, Any]) -> str:
    held = made["limits"]
    limit = (
        "It has no reveal limit: whoever holds it can open everybody within its purposes and"
        " categories, as fast as the server goes. Each opening is an act under its name."
        if held is None
        else f"It opens at most {held['people']} people in {held['minutes']} minutes and"
        f" {held['people_a_day']} a day; --no-reveal-limit makes a key without."
    )
    return f"{made['key']}\nIt is shown this once. Its id: {made['id']}\n{limit}"


@keys.command(name="list")
def list_keys(*, json: AsJson = False, at: At) -> None:
    """Every key ever issued, without secrets.

    Args:
        json: a list on one line.
        at: where the house lies.
    """
    words = ("id", "name", "live", "can", "purposes", "limits", "expires_at")
    tell(at.do("keys list"), lambda rows: table([*map(_listed, rows)], *words), as_json=json)


def _listed(key: dict[str, Any]) -> dict[str, Any]:
    held = key["limits"]
    short = (
        "none"
        if held is None
        else f"{held['people']} in {held['minutes']} min, {held['people_a_day']} a day"
    )
    return {**key, "limits": short}


@keys.command
def revoke(id_: Id, /, *, json: AsJson = False, at: At) -> None:
    """End a key at once.

    Args:
        id_: of `keys list`.
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("keys revoke", id=id_), lambda d: f"Revoked: {d['id']}", as_json=json)
