-- The hash of the follow-up link's token: the link outlives old data brought back.
alter table tombstone add column token_sha256 {BYTES}
