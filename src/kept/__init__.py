"""Kept: a customer trust desk. What was promised is what is done, and anybody can check it.

Floors, each may only look down: cli, wiring, web | worker, flows, promises, the pillars, vault,
ledger, db, crypto | screening, base. Begin with `docs/architecture.md`.
"""
