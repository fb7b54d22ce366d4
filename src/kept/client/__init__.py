"""A program's own hands at the API: typed, synchronous, over TCP or a Unix socket.

Rules: knows `kept.base` and HTTP alone, so it can be taken into any program. Begin with `service`.
"""
