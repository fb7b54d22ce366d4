-- Doors that were closed for good: a colleague who left, an API key that was revoked. Nothing
-- personal: random ids. Old data brought back opens none of them again.
create table closing (
  kind text not null,
  id {BYTES} not null,
  at bigint not null,
  primary key (kind, id)
)
