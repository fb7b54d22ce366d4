"""Handlers of this surface."""
