-- People and what is kept on them, sealed. Row numbers stay inside; `id` is the random public id.
create table person (
  n {IDENTITY},
  id {BYTES} not null unique,
  alias text not null unique,
  alias_only integer not null default 0,
  state text not null,
  keyver integer not null,
  source text not null,
  created_at bigint not null,
  changed_at bigint not null
);
create index person_changed on person (changed_at, n);
create table cell (
  n {IDENTITY},
  person_n bigint not null,
  category_id integer not null,
  rev bigint not null,
  env {BYTES} not null,
  written_at bigint not null,
  due_at bigint,
  fresh_until bigint,
  unique (person_n, category_id)
);
create index cell_due on cell (due_at);
create table consent (
  n {IDENTITY},
  person_n bigint not null,
  purpose text not null,
  state text not null,
  notice text not null,
  lang text not null,
  text_sha256 {BYTES} not null,
  method text not null,
  source text not null,
  actor text not null,
  at bigint not null,
  expires_at bigint
);
create index consent_person on consent (person_n, purpose, n);
create table origin (
  n {IDENTITY},
  person_n bigint not null,
  purpose text not null,
  basis text not null,
  source text not null,
  batch text not null,
  at bigint not null
);
create index origin_person on origin (person_n);
create table erasure (
  n {IDENTITY},
  person_n bigint not null unique,
  person_id {BYTES} not null,
  step integer not null,
  token_sha256 {BYTES} not null unique,
  begun_act bigint not null,
  receipt {BYTES},
  asked_at bigint not null,
  done_at bigint,
  tried_at bigint,
  problem text
);
create table export (
  n {IDENTITY},
  person_n bigint,
  asked_at bigint not null,
  ready_at bigint,
  taken_at bigint
);
create index export_asked on export (asked_at);
create table signin_code (
  person_n bigint primary key,
  code_sha256 {BYTES} not null,
  tries integer not null,
  sent_at bigint not null,
  expires_at bigint not null
);
create table signin_ask (
  n {IDENTITY},
  address_sha256 {BYTES} not null,
  asked_at bigint not null
);
create index signin_ask_address on signin_ask (address_sha256, asked_at);
create table person_session (
  token_sha256 {BYTES} primary key,
  person_n bigint not null,
  started_at bigint not null,
  seen_at bigint not null
);
create index person_session_person on person_session (person_n);
create table import_run (
  n {IDENTITY},
  id {BYTES} not null unique,
  file_sha256 {BYTES} not null,
  name text not null,
  purpose text not null,
  basis text not null,
  source text not null,
  actor text not null,
  state text not null,
  next_row bigint not null,
  read_count bigint not null,
  added bigint not null,
  merged bigint not null,
  refused bigint not null,
  total bigint not null,
  started_at bigint not null,
  changed_at bigint not null
);
create index import_run_file on import_run (file_sha256);
create table import_refused (
  run_n bigint not null,
  row_no bigint not null,
  col text,
  code text not null,
  primary key (run_n, row_no)
);
create table opening_tally (
  day bigint primary key,
  opened bigint not null
);
create table raw_scan (
  n {IDENTITY},
  at bigint not null,
  sealed_values bigint not null,
  hits bigint not null,
  places text not null
)
