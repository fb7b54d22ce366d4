"""What is mine here? Own sessions, passkeys and password."""

import json
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.encoding import b64url, parse_b64url
from kept.base.errors import KeptError, MalformedError, NotFoundError, RefusedError
from kept.base.texts import moment_text, translations
from kept.db.seam import Pending, Tx
from kept.staff.acts import sign_in as sign_in_acts
from kept.staff.acts.own_account import change_password, prove_again
from kept.staff.acts.passkeys import add_passkey, drop_passkey, list_passkeys, offer_passkey
from kept.staff.acts.passwords import ChosenPassword, choose_password, note_refused_password
from kept.staff.acts.sessions import end_other_sessions, end_session, own_sessions
from kept.staff.acts.sign_in import SignInRefused
from kept.staff.model.passkeys import Passkey
from kept.staff.model.passwords import FAULT_TEXT
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts, WebParts
from kept.web.problems import status_of
from kept.web.render import language_of
from kept.web.routes.desk.shell import Page, Shell, error_words
from kept.web.routes.desk.sign_in import JSON, bounded_body, json_problem, refused_words
from kept.web.staff_session import Visitor, Who, needs, network_of

METHODS: dict[str, Text] = {
    "code": Text("password and code", "пароль и код"),
    "passkey": Text("passkey", "ключ доступа"),
    "demo": Text("demo", "демо"),
}
CHANGED = Text(
    "The new password holds. Your other sessions have ended.",
    "Новый пароль действует. Другие ваши сеансы закончены.",
)
ENDED = Text("Your other sessions have ended.", "Другие ваши сеансы закончены.")
OWN = needs(Permission.OWN_ACCOUNT)


@get("/desk/account", opt=OWN, sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """One's own doors."""
    return _page(Shell(request, parts, visitor))


@post("/desk/account/password", opt=OWN, status_code=200, sync_to_thread=True)
def password(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """Set another password; the old one is asked for."""
    shell = Shell(request, parts, visitor)
    chosen = choose_password(
        parts.staff, password=forms.secret(data, "password"), email=visitor.account.email
    )
    now = parts.clock.now()
    if not isinstance(chosen, ChosenPassword):
        parts.db.write(lambda tx: note_refused_password(tx, fault=chosen, now=now))
        said = translations(shell.lang).gettext(FAULT_TEXT[chosen])
        return _page(shell, errors={"password": said})
    refused = _change(
        parts,
        visitor,
        old=forms.secret(data, "old"),
        new=chosen,
        address=network_of(request, parts),
    )
    if refused is not None:
        return _page(shell, errors={"old": refused_words(refused, shell.lang)})
    return _page(shell, saved=CHANGED.get(shell.lang))


def _change(
    parts: WebParts, visitor: Visitor, *, old: str, new: ChosenPassword, address: str
) -> SignInRefused | None:
    staff, session, now = parts.staff, visitor.session, parts.clock.now()
    trying = parts.db.read(
        lambda tx: sign_in_acts.prepare(
            tx, staff, login=visitor.account.email, address=address, now=now
        )
    )
    if trying.wait is not None:
        return SignInRefused(sign_in_acts.WAIT, trying.wait)
    checked = sign_in_acts.check_password(staff, trying, old)
    done = parts.db.write(
        lambda tx: change_password(tx, staff, session=session, old=checked, new=new, now=now)
    )
    return done if isinstance(done, SignInRefused) else None


@post("/desk/account/sessions/{session:str}/end", opt=OWN, status_code=200, sync_to_thread=True)
def end_one(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, session: FromPath[str]
) -> Page:
    """End one of one's own sessions."""
    parts.db.write(lambda tx: end_session(tx, staff=visitor.account.id, session_id=session))
    return _page(Shell(request, parts, visitor))


@post("/desk/account/sessions/end-others", opt=OWN, status_code=200, sync_to_thread=True)
def end_others(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """End all of one's own sessions but this one."""
    parts.db.write(lambda tx: end_other_sessions(tx, session=visitor.session))
    shell = Shell(request, parts, visitor)
    return _page(shell, saved=ENDED.get(shell.lang))


@post("/desk/account/passkeys/{key:str}/drop", opt=OWN, status_code=200, sync_to_thread=True)
def drop_one(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, key: FromPath[str]
) -> Page:
    """Take one of one's own passkeys away.

    Raises:
        NotFoundError: there is no such passkey.
    """
    try:
        raw = parse_b64url(key, "passkey")
    except MalformedError:
        raise NotFoundError("You have no such passkey.") from None
    now = parts.clock.now()
    parts.db.write(
        lambda tx: drop_passkey(
            tx, parts.staff, session=visitor.session, credential_id=raw, now=now
        )
    )
    return _page(Shell(request, parts, visitor))


@post("/desk/passkey/register/begin", opt=OWN, status_code=200, sync_to_thread=True)
def register_begin(parts: Parts, visitor: Who) -> Response[str]:
    """What the browser needs to make a passkey."""
    now = parts.clock.now()
    offer = parts.db.read(
        lambda tx: offer_passkey(tx, parts.staff, session=visitor.session, now=now)
    )
    return Response(offer, media_type=JSON)


@post("/desk/passkey/register/finish", opt=OWN, status_code=200)
async def register_finish(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who
) -> Response[Any]:
    """Keep the passkey the browser made, after a fresh code."""
    lang = language_of(request, parts)
    try:
        answer, code, label = _sent(await bounded_body(request))
        outcome = await parts.db.write_async(
            lambda tx: _proved(tx, parts, visitor, answer=answer, code=code, label=label)
        )
    except KeptError as error:
        code = error.code if isinstance(error, RefusedError) else "malformed"
        return json_problem(error_words(error, lang), status=status_of(error), code=code)
    if isinstance(outcome, SignInRefused):
        return json_problem(refused_words(outcome, lang), status=403, code=outcome.code)
    return Response({"next": "/desk/account"})


def _sent(body: str) -> tuple[str, str, str]:
    """The passkey's answer, the code and the label of a body of ours.

    Raises:
        MalformedError: another shape.
    """
    try:
        sent = json.loads(body)
        answer, code, label = sent["credential"], sent["code"], sent["label"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise MalformedError("body", "not what the page sends") from None
    if not (isinstance(answer, dict) and isinstance(code, str) and isinstance(label, str)):
        raise MalformedError("body", "not what the page sends")
    return json.dumps(answer), code, label


def _proved(
    tx: Tx, parts: WebParts, visitor: Visitor, *, answer: str, code: str, label: str
) -> Pending[SignInRefused | Passkey]:
    session, now = visitor.session, parts.clock.now()

    def keep(refused: SignInRefused | None) -> Pending[SignInRefused | Passkey]:
        if refused is not None:
            return Pending(refused)
        return add_passkey(
            tx, parts.staff, session=session, label=label, answer=answer, now=now
        ).map(lambda passkey: passkey)

    return prove_again(tx, parts.staff, session=session, code=code, now=now).then(keep)


def _page(shell: Shell, *, saved: str = "", errors: dict[str, str] | None = None) -> Page:
    session, now, lang = shell.visitor.session, shell.parts.clock.now(), shell.lang
    sessions, passkeys = shell.parts.db.read(
        lambda tx: (
            own_sessions(tx, session.account.id, now=now),
            list_passkeys(tx, session=session),
        )
    )
    return shell.page(
        "desk_account.html",
        "account",
        http_status=422 if errors else 200,
        email=session.account.email,
        saved=saved,
        errors=errors or {},
        sessions=[
            {
                "id": one.id,
                "is_this": one.id == session.id,
                "since_text": moment_text(one.created_at, lang),
                "seen_text": moment_text(one.seen_at, lang),
                "method_text": METHODS[one.method].get(lang),
            }
            for one in sessions
        ],
        passkeys=[
            {
                "id": b64url(one.credential_id),
                "label": one.label,
                "added_text": moment_text(one.added_at, lang),
                "used_text": moment_text(one.used_at, lang) if one.used_at else "",
            }
            for one in passkeys
        ],
    )


ROUTES: list[ControllerRouterHandler] = [
    show,
    password,
    end_one,
    end_others,
    drop_one,
    register_begin,
    register_finish,
]
