"""The book of promises, how each is judged, and the seal that shows it.

Rules: a status is a pure function of evidence and time; no rows never give `kept`.
Begin with `model/`, then `kinds/`.
"""
