"""HTTP: who calls, what may pass, and how refusals look on the wire. Knows no plugin by name."""
