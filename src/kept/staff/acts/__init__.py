"""The verbs of the staff pillar: one file for each family of them."""
