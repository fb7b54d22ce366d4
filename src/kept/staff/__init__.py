"""Who works here: accounts, second factors, sessions, roles, API keys.

Rules: a secret is shown once and stored as a hash or sealed; every change is an act.
"""
