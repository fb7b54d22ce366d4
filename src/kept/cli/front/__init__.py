"""What is typed: the command line's words, turned into commands and their results into lines.

Everything of weight is imported inside a command, so that `kept --help` answers at once.
"""
