"""The entrance of time: timers, jobs, the sequencer's beat.

Rules: every task is idempotent and writes a heartbeat. Begin with `beat`.
"""
