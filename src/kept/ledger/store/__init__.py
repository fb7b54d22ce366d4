"""The ledger's SQL, one module a noun. One text serves both engines."""
