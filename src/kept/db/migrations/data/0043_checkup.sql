-- The owner's reasons why a row of the check-up is not theirs. Appended; the last one counts.
create table checkup_answer (
  id {IDENTITY},
  key text not null,
  reason text not null,
  recorded_at bigint not null,
  act bigint not null
);
create index checkup_answer_key on checkup_answer (key, id);
