"""Copies that anybody can check and restore. A later pillar; nothing stands here yet."""
