"""The entrance for clients of a keeper: restic's REST protocol, and a page for each in plain words.

A plain ASGI application on its own; nothing of the house's pages or data is reached from here.
"""
