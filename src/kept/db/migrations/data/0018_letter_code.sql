-- The link that undoes a change of address is looked up by the hash of its token.
create index letter_code on letter (code_sha256)
