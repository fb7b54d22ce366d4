"""The terminal entrance. Imports of weight are made inside the command that needs them.

Begin with `main`.
"""
