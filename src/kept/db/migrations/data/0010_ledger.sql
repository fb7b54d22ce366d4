-- Acts and the log made of them. `acts`, `act_openings` and `act_counters` die with the person.
create table acts (
  id {IDENTITY},
  kind text not null,
  actor text not null,
  role text not null,
  purpose text not null,
  person bigint,
  n bigint,
  categories bigint,
  at bigint not null
);
create index acts_person on acts (person, n);
create index acts_actor on acts (actor, at);
create index acts_kind on acts (kind, at);
create table act_openings (
  act bigint primary key,
  sealed {BYTES} not null
) {CLUSTERED};
create table act_counters (
  person bigint primary key,
  next bigint not null
) {CLUSTERED};
-- An entry waits here for its place, then for the full tile that will hold it.
create table ledger_outbox (
  act bigint primary key,
  entry {BYTES} not null
) {CLUSTERED};
-- `log` counts the house's logs from 1: one that cannot go on is followed by the next.
create table ledger_edge (
  log integer not null,
  level integer not null,
  first bigint not null,
  hashes {BYTES} not null,
  primary key (log, level)
) {CLUSTERED};
-- A row is a run: the acts act, act + 1, and so on, `n` of them, stand at idx, idx + 1, and so on.
create table act_places (
  act bigint primary key,
  log integer not null,
  idx bigint not null,
  n bigint not null,
  unique (log, idx)
) {CLUSTERED};
create table ledger_head (
  origin text primary key,
  log integer not null unique,
  size bigint not null,
  root {BYTES} not null,
  frontier {BYTES} not null,
  stored bigint not null,
  opened_at bigint not null
);
create table ledger_checkpoints (
  origin text not null,
  size bigint not null,
  note {BYTES} not null,
  signed_at bigint not null,
  published_at bigint,
  primary key (origin, size)
);
create table ledger_cosignatures (
  origin text not null,
  size bigint not null,
  witness text not null,
  line text not null,
  cosigned_at bigint not null,
  primary key (origin, size, witness)
)
