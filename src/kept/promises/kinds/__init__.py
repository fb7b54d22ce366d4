"""The five kinds of promise, one module each, and `judge`, which picks by kind.

Rules: a kind turns evidence into the states that apply and the number that is shown; it reads no
table and no clock. Begin with `judge`, then `zero`.
"""
