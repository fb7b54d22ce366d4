"""The promises' verbs: publish a version, collect evidence, note a break, pause, own up."""
