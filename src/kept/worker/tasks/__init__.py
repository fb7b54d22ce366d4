"""What is done by itself, one module a task. Rules: idempotent, bounded, leaves a heartbeat."""
