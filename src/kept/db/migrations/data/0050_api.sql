-- What API keys were told in answer to requests that named an Idempotency-Key, for a day.
-- Numbers, ids and codes alone: an answer with somebody's values is never kept here.
create table idempotency (
  key_id {BYTES} not null,
  name_sha256 {BYTES} not null,
  request_sha256 {BYTES} not null,
  status integer not null,
  body text not null,
  act bigint,
  at bigint not null,
  primary key (key_id, name_sha256)
) {CLUSTERED};
create index idempotency_at on idempotency (at)
