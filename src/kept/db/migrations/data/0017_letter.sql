create table letter (
  n {IDENTITY},
  person_n bigint not null,
  use text not null,
  env {BYTES} not null,
  code_sha256 {BYTES},
  tries integer not null,
  asked_at bigint not null,
  expires_at bigint not null
);
create index letter_person on letter (person_n);
