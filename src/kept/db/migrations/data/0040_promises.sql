-- What was promised, and what only the promises themselves know. Nothing here is about a person.
-- Versions, breaks and answers are appended and never changed.
create table promise_version (
  key text not null,
  version integer not null,
  kind text not null,
  bound_us bigint not null,
  target integer not null,
  calendar text not null,
  grade text not null,
  scope text not null,
  exceptions text not null,
  months integer not null,
  people integer not null,
  en text not null,
  ru text not null,
  published_at bigint not null,
  applies_at bigint not null,
  act bigint not null,
  primary key (key, version)
);
create table promise_heartbeat (
  key text not null,
  day bigint not null,
  at bigint not null,
  period_us bigint not null,
  primary key (key, day)
);
create table promise_pause (
  id {IDENTITY},
  key text not null,
  since_at bigint not null,
  until_at bigint not null,
  en text not null,
  ru text not null,
  act bigint not null
);
create index promise_pause_key on promise_pause (key, until_at);
create table promise_break (
  id {IDENTITY},
  key text not null,
  ref text not null,
  happened_at bigint not null,
  recorded_at bigint not null,
  act bigint not null,
  unique (key, ref)
);
create table promise_answer (
  id {IDENTITY},
  key text not null,
  ref text not null,
  en text not null,
  ru text not null,
  repaired_at bigint,
  recorded_at bigint not null,
  act bigint not null
);
create index promise_answer_ref on promise_answer (key, ref);
