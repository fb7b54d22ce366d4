"""Stories that touch two pillars or more, one verb a line, read from top to bottom."""
