"""A plugin that says what reached it and fails on demand; it proves what the edge promises."""
