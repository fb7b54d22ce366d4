-- Blind tags: derived from the cells, rebuilt at need, never backed up.
create table find.finder (
  kind integer not null,
  ver integer not null,
  tag {BYTES} not null,
  person_n bigint not null,
  field_id integer not null,
  primary key (kind, ver, tag, person_n, field_id)
) {CLUSTERED};
create index {FIND}finder_person on {ONFIND}finder (person_n);
create table find.finder_mark (
  name text primary key,
  changed_at bigint not null
)
