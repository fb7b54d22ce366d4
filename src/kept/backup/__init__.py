"""Copies that anybody can check and restore: repositories of restic's format, and their proofs."""
