"""Reads the settings, builds the house, picks the adapters; nothing else may.

Begin with `settings`, then `house`.
"""
