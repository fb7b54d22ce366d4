"""One module a surface. Each ends with `ROUTES`, which `web.app` gathers."""
