-- Wrapped secrets, apart from the data: a backup of data never holds a key.
create table person_key (
  person_id {BYTES} not null,
  kind text not null,
  keyver integer not null,
  epoch integer not null,
  wrap {BYTES} not null,
  commitment {BYTES} not null,
  state text not null,
  made_at bigint not null,
  primary key (person_id, kind, keyver)
) {CLUSTERED};
create index person_key_reserved on person_key (state, made_at);
create table index_key (
  kind integer not null,
  version integer not null,
  epoch integer not null,
  wrap {BYTES} not null,
  commitment {BYTES} not null,
  made_at bigint not null,
  primary key (kind, version)
);
create table tombstone (
  person_id {BYTES} primary key,
  at bigint not null,
  act bigint not null
);
create table revocation (
  person_id {BYTES} not null,
  purpose text not null,
  at bigint not null,
  primary key (person_id, purpose)
)
