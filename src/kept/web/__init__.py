"""The HTTP entrance: pages, API, live events, public ledger.

Rules: parses input into plain values, names the actor, calls a verb, renders the answer. Begin
with `app`, then one module of `routes`.
"""
