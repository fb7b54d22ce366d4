"""What the terminal can do with a house: plain functions, alike beside a server and without one.

Each takes a `Call` and returns plain JSON; it never prints and never asks. Begin with `table`.
"""
