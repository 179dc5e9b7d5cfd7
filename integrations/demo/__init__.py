"""The demo: a year of shows to look at, against the sandbox, on this machine alone."""
