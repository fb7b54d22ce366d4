-- Copies: where they lie, how each run went, what drills found. Paths of files stand here alone,
-- never in the ledger. `secrets` is wrapped under the vault key; an address holds no password.
create table backup_place (
  n {IDENTITY},
  id {BYTES} not null unique,
  name text not null unique,
  holds text not null,
  address text not null,
  part_bytes bigint not null,
  folders text not null,
  excludes text not null,
  via text not null,
  is_enabled integer not null,
  is_near integer not null,
  epoch integer,
  secrets {BYTES},
  commitment {BYTES},
  made_at bigint not null,
  act bigint not null
);
create table backup_run (
  n {IDENTITY},
  place_n bigint not null,
  state text not null,
  why text not null,
  started_at bigint not null,
  ended_at bigint,
  seconds bigint not null,
  snapshot {BYTES},
  tree {BYTES},
  inventory_root {BYTES},
  inventory {BYTES},
  files bigint not null,
  files_new bigint not null,
  bytes bigint not null,
  bytes_sent bigint not null,
  verified bigint not null,
  unread bigint not null,
  unread_list text not null,
  act bigint
);
create index backup_run_place on backup_run (place_n, n);
create table backup_snapshot (
  place_n bigint not null,
  snapshot {BYTES} not null,
  first_seen_at bigint not null,
  forgotten_at bigint,
  primary key (place_n, snapshot)
) {CLUSTERED};
create table backup_drill (
  n {IDENTITY},
  place_n bigint not null,
  snapshot {BYTES} not null,
  seed {BYTES} not null,
  checkpoint {BYTES} not null,
  at bigint not null,
  asked bigint not null,
  of_files bigint not null,
  good bigint not null,
  bad bigint not null,
  bad_list text not null,
  bytes bigint not null,
  seconds bigint not null,
  house text not null,
  location text not null,
  act bigint not null
);
create index backup_drill_place on backup_drill (place_n, n);
create table backup_trial (
  n {IDENTITY},
  place_n bigint not null,
  snapshot {BYTES},
  at bigint not null,
  is_open integer not null,
  parts bigint not null,
  act bigint not null
);
create table backup_key_copy (
  n {IDENTITY},
  place_n bigint not null,
  began_at bigint not null,
  at bigint not null,
  sha256 {BYTES} not null,
  size bigint not null,
  act bigint not null
);
create table backup_report_read (
  n {IDENTITY},
  at bigint not null,
  run_n bigint not null,
  act bigint not null
);
create table backup_plan (
  n bigint primary key,
  minute integer not null,
  quiet text not null,
  bandwidth text not null,
  keep text not null,
  act bigint not null
);
-- Erasures whose keys were in a copy of keys: done when no such copy holds them any more.
create table erasure_copy (
  erasure_n bigint primary key,
  destroyed_at bigint not null,
  at bigint,
  act bigint
)
