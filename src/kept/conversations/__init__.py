"""Talk with customers, in whichever channel: this pillar holds the mail channel so far.

Rules: every byte about a person leaves through `vault.acts.egress`; channels know no database.
"""
