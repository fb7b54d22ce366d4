-- Work to be done after a transaction, and events for live pages.
create table jobs (
  id {IDENTITY},
  kind text not null,
  body text not null,
  once text unique,
  state text not null,
  tries integer not null,
  problem text not null default '',
  run_at bigint not null,
  made_at bigint not null
);
create index jobs_due on jobs (state, run_at);
create table event_streams (
  stream text primary key,
  next bigint not null
);
create table events (
  stream text not null,
  seq bigint not null,
  kind text not null,
  body text not null,
  at bigint not null,
  primary key (stream, seq)
);
create index events_at on events (at)
