"""The revisions of intake's own tables; the host runs them before any plugin's."""
