"""Who works here, and how does the owner let people in and out from the terminal?"""

from kept.base.encoding import Json
from kept.cli.commands.call import Call
from kept.staff.acts.links import Colleague, Invited, invite
from kept.staff.acts.team import disable, list_team, reset_factor
from kept.staff.model.account import Account, parse_login, parse_staff_role
from kept.wiring.links import invitation_link


def listing(call: Call) -> Json:
    """Everybody who works or worked here."""
    now = call.house.clock.now()
    return [
        {
            **_told(one),
            "name": one.name,
            "state": one.state.value,
            "review_overdue": one.is_review_overdue(now),
        }
        for one in call.house.db.read(list_team)
    ]


def invite_colleague(call: Call) -> Json:
    """Invite somebody; the link works once, for three days."""
    house, email = call.house, parse_login(call.text("email"))
    who = Colleague(
        email,
        call.text("name") or email.partition("@")[0],
        parse_staff_role(call.text("role", "operator")),
    )
    made = house.db.write(
        lambda tx: invite(tx, house.staff, actor=call.actor, who=who, now=house.clock.now())
    )
    return _link(call, made)


def disable_colleague(call: Call) -> Json:
    """Close every door of somebody who leaves."""
    house = call.house
    left = house.db.write(
        lambda tx: disable(
            tx, house.staff, actor=call.actor, staff=call.staff(), now=house.clock.now()
        )
    )
    return {
        **_told(left.account),
        "sessions_ended": left.sessions_ended,
        "keys_seen": [str(key.id) for key in left.keys_seen],
    }


def reset_colleague(call: Call) -> Json:
    """Take password and second factor away and give a new link."""
    house = call.house
    made = house.db.write(
        lambda tx: reset_factor(
            tx, house.staff, actor=call.actor, staff=call.staff(), now=house.clock.now()
        )
    )
    return _link(call, made)


def _told(account: Account) -> dict[str, Json]:
    return {"id": str(account.id), "email": account.email, "role": account.role.value}


def _link(call: Call, made: Invited) -> Json:
    return {
        **_told(made.account),
        "link": invitation_link(call.house.settings, made.token),
        "expires_at": made.expires_at.isoformat(timespec="seconds"),
    }
