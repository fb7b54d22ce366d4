"""Matters with a clock: disputes, reports, claims. A later pillar; nothing stands here yet."""
