"""Vendors and the data handed to them. A later pillar; nothing stands here yet."""
