"""frontage: the public edge of many shops. The floors are described in CONTRIBUTING.md."""
