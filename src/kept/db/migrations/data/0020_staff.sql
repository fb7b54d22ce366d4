-- Who works here: accounts, links, sessions, attempts, passkeys, API keys. Secrets stand here
-- hashed (token_hash, secret_hash, password) or sealed under the house key (totp_env).
create table staff_account (
    n {IDENTITY},
    id {BYTES} not null unique,
    email text not null unique,
    name text not null,
    role text not null,
    state text not null,
    password text,
    totp_env {BYTES},
    totp_step bigint not null,
    created_at bigint not null,
    reviewed_at bigint not null,
    disabled_at bigint
);

create table staff_invitation (
    n {IDENTITY},
    token_hash {BYTES} not null unique,
    account_n bigint not null references staff_account (n),
    totp_env {BYTES} not null,
    expires_at bigint not null,
    used_at bigint
);

create table staff_session (
    n {IDENTITY},
    id text not null unique,
    token_hash {BYTES} not null unique,
    account_n bigint not null references staff_account (n),
    role text not null,
    method text not null,
    created_at bigint not null,
    seen_at bigint not null
);

create index staff_session_account on staff_session (account_n);

create table staff_attempt (
    n {IDENTITY},
    login_tag {BYTES} not null,
    address_tag {BYTES} not null,
    succeeded integer not null,
    at bigint not null
);

create index staff_attempt_login on staff_attempt (login_tag, at);

create index staff_attempt_address on staff_attempt (address_tag, at);

create table staff_passkey (
    credential_id {BYTES} primary key,
    account_n bigint not null references staff_account (n),
    public_key {BYTES} not null,
    sign_count bigint not null,
    label text not null,
    added_at bigint not null,
    used_at bigint
);

create index staff_passkey_account on staff_passkey (account_n);

create table staff_challenge_used (
    challenge_hash {BYTES} primary key,
    expires_at bigint not null
);

create table staff_password_refused (
    n {IDENTITY},
    fault text not null,
    at bigint not null
);

create table api_key (
    id {BYTES} primary key,
    secret_hash {BYTES} not null,
    name text not null,
    capabilities text not null,
    purposes text not null,
    categories text not null,
    people integer not null,
    window_us bigint not null,
    people_a_day integer not null,
    issued_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    last_used_at bigint,
    revoked_at bigint
);
