"""Tables of copies: places, runs, drills. SQL alone; begin with `kept.backup.acts`."""
