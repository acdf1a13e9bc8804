"""A plugin that uses everything a plugin can have; it proves the host."""
