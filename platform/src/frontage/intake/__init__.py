"""Events, from an accepted request to a committed row: declare a stream, call `accept`; it is on disk, counted once."""
