"""People's data: sealed, opened for a reason, corrected, handed out, forgotten.

Rules: no plaintext leaves a verb before its act is durable; every verb asks `model.gate`.
Begin with `model/rules.py`, `model/gate.py`, then `acts/`.
"""
