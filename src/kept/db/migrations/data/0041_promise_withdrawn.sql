-- Promises taken out of the book: announced, and from applies_at on no longer in force.
create table promise_withdrawn (
  id {IDENTITY},
  key text not null,
  published_at bigint not null,
  applies_at bigint not null,
  act bigint not null
);
create index promise_withdrawn_key on promise_withdrawn (key, published_at);
