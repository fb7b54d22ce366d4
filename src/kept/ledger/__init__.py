"""The append-only log of acts: entries, tiles, checkpoints, receipts.

Rules: the format rooms (`merkle notes tiles entry proof policy model`) are pure; `acts.record` is
the one way in; only the sequencer signs. Begin with `docs/formats/ledger.md`, then `entry`.
"""
