"""How are others' repositories kept: accounts, shelves with a quota, checks without any key.

Nothing here can open what it keeps: this room may not import the code that unseals.
"""
