"""Who works here: accounts, second factors, sessions, roles, API keys.

Rules: a secret is shown once and stored as a hash or sealed; every change of who may do what is
an act; nothing slow (Argon2) happens inside a transaction. Begin with `model/account`, then
`acts/team`.
"""
