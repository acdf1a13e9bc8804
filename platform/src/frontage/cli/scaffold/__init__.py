"""Writing a new plugin: `package/` is a whole one, real and tested, and its names are exchanged for the author's."""
