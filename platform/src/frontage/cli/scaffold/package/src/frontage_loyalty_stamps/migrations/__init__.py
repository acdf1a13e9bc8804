"""The revisions of the tables, each a file; one that was published never changes."""
