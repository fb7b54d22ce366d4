"""How is a passkey added, and how does one sign in with it?

A passkey with user verification is possession and a second factor in one, so it needs neither
password nor code. Adding one asks for a fresh code (`own_account.prove_again`), or a stolen
session could make itself permanent. Web only: importing `webauthn` is slow.

Source: W3C Web Authentication Level 3 §7.1, §7.2.
"""

import hashlib
import struct
from datetime import datetime
from typing import NoReturn

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from kept.base.errors import ConflictError, NotFoundError, RefusedError
from kept.crypto.chance import draw
from kept.db.seam import Pending, Tx
from kept.ledger.model import Kind
from kept.staff.acts.own_account import own
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.sessions import SignedIn
from kept.staff.acts.sign_in import WAIT, SignInRefused, let_in, note_failure, tag, wait_of
from kept.staff.acts.trace import actor_of_session, trace
from kept.staff.model.passkeys import (
    ANYBODY,
    LIFE,
    NONCE_BYTES,
    PASSKEYS_MOST,
    Passkey,
    is_ours,
    make_challenge,
    parse_label,
)
from kept.staff.model.session import Session
from kept.staff.store import accounts, keys, sessions
from kept.staff.store.sessions import Attempt

ANSWER_MOST = 16_384  # characters of JSON
_BROKEN = (WebAuthnException, ValueError, TypeError, LookupError, RecursionError, struct.error)


def list_passkeys(tx: Tx, /, *, session: Session) -> list[Passkey]:
    """One's own passkeys, oldest first. Reads only."""
    return keys.passkeys_of(tx, own(tx, session).n)


def offer_passkey(tx: Tx, parts: StaffParts, /, *, session: Session, now: datetime) -> str:
    """JSON for `navigator.credentials.create`. Reads only."""
    account = session.account
    known = keys.passkeys_of(tx, own(tx, session).n)
    options = generate_registration_options(
        rp_id=parts.site.rp_id,
        rp_name=parts.business,
        user_name=account.email,
        user_display_name=account.name,
        user_id=account.id.raw,
        challenge=_challenge(parts, account.id.raw, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=k.credential_id) for k in known],
    )
    return options_to_json(options)


def add_passkey(
    tx: Tx,
    parts: StaffParts,
    /,
    *,
    session: Session,
    label: str,
    answer: str,
    now: datetime,
) -> Pending[Passkey]:
    """Keep the passkey the browser made. Call it after `prove_again`. Hostile input.

    Raises:
        MalformedError: the label.
        RefusedError: the answer does not check, or there are too many already.
        ConflictError: this passkey is known.
    """
    stored = own(tx, session)
    name = parse_label(label)
    verified = _registered(tx, parts, answer, subject=session.account.id.raw, now=now)
    if keys.passkey_by_id(tx, verified.credential_id) is not None:
        raise ConflictError("This passkey is in use already.")
    if len(keys.passkeys_of(tx, stored.n)) >= PASSKEYS_MOST:
        raise RefusedError("too_many", "Remove a passkey you do not use first.")
    passkey = Passkey(
        verified.credential_id,
        session.account.id,
        verified.credential_public_key,
        verified.sign_count,
        name,
        now,
    )
    keys.insert_passkey(tx, stored.n, passkey)
    _trace_own(tx, parts, Kind.STAFF_PASSKEY_ADDED, session=session, now=now)
    return Pending(passkey)


def drop_passkey(
    tx: Tx, parts: StaffParts, /, *, session: Session, credential_id: bytes, now: datetime
) -> Pending[None]:
    """Take one of one's own passkeys away.

    Raises:
        NotFoundError: this account has no such passkey.
    """
    if not keys.drop_passkey(tx, own(tx, session).n, credential_id):
        raise NotFoundError("You have no such passkey.")
    _trace_own(tx, parts, Kind.STAFF_PASSKEY_DROPPED, session=session, now=now)
    return Pending(None)


def offer_sign_in(parts: StaffParts, /, *, now: datetime) -> str:
    """JSON for `navigator.credentials.get`; stores nothing and names nobody."""
    options = generate_authentication_options(
        rp_id=parts.site.rp_id,
        challenge=_challenge(parts, ANYBODY, now),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def sign_in_with_passkey(
    tx: Tx, parts: StaffParts, /, *, answer: str, address: str, now: datetime
) -> Pending[SignedIn | SignInRefused]:
    """Open a session for whoever's passkey signed our challenge. Hostile input."""
    address_tag = tag(parts, "address", address)
    login_tag = tag(parts, "passkey", address)
    wait = wait_of(tx, login_tag, address_tag, now=now)
    if wait is not None:
        return Pending(SignInRefused(WAIT, wait))
    try:
        passkey, verified = _authenticated(tx, parts, answer, now=now)
    except RefusedError:
        return Pending(note_failure(tx, login_tag, address_tag, now=now))
    stored = accounts.by_id(tx, passkey.staff)
    if stored is None or not stored.account.may_sign_in():
        return Pending(note_failure(tx, login_tag, address_tag, now=now))
    keys.set_passkey_used(tx, passkey.credential_id, sign_count=verified.new_sign_count, now=now)
    sessions.insert_attempt(tx, Attempt(login_tag, address_tag, now, succeeded=True))
    signed_in = let_in(tx, parts, n=stored.n, account=stored.account, method="passkey", now=now)
    return Pending(signed_in)


def _registered(
    tx: Tx, parts: StaffParts, answer: str, *, subject: bytes, now: datetime
) -> VerifiedRegistration:
    try:
        credential = parse_registration_credential_json(_bounded(answer))
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=_spent(tx, parts, credential, subject=subject, now=now),
            expected_rp_id=parts.site.rp_id,
            expected_origin=list(parts.site.origins),
            require_user_verification=True,
        )
    except _BROKEN:
        _refuse()
    return verified


def _authenticated(
    tx: Tx, parts: StaffParts, answer: str, *, now: datetime
) -> tuple[Passkey, VerifiedAuthentication]:
    try:
        credential = parse_authentication_credential_json(_bounded(answer))
        passkey = keys.passkey_by_id(tx, credential.raw_id)
        if passkey is None:
            _refuse()
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=_spent(tx, parts, credential, subject=ANYBODY, now=now),
            expected_rp_id=parts.site.rp_id,
            expected_origin=list(parts.site.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _BROKEN:
        _refuse()
    return passkey, verified


def _spent(
    tx: Tx,
    parts: StaffParts,
    credential: RegistrationCredential | AuthenticationCredential,
    *,
    subject: bytes,
    now: datetime,
) -> bytes:
    """The challenge the browser answered, if it is ours, fresh and unused; used up now."""
    challenge = parse_client_data_json(credential.response.client_data_json).challenge
    key = parts.secrets.challenges.reveal()
    digest = hashlib.sha256(challenge).digest()
    ours = is_ours(key, challenge, subject=subject, now=now)
    if not ours or not keys.use_challenge(tx, digest, expires_at=now + LIFE, now=now):
        _refuse()
    return challenge


def _challenge(parts: StaffParts, subject: bytes, now: datetime) -> bytes:
    key = parts.secrets.challenges.reveal()
    return make_challenge(key, draw(NONCE_BYTES), subject=subject, now=now)


def _bounded(answer: str) -> str:
    if len(answer) > ANSWER_MOST:
        _refuse()
    return answer


def _refuse() -> NoReturn:
    raise RefusedError("passkey", "This passkey was not accepted. Try again.")


def _trace_own(tx: Tx, parts: StaffParts, kind: Kind, *, session: Session, now: datetime) -> None:
    detail = {"staff": str(session.account.id)}
    trace(tx, parts, kind, actor=actor_of_session(session), detail=detail, now=now)
