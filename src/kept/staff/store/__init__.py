"""The SQL of the staff pillar, one text for both engines; only `staff.acts` may call it."""
