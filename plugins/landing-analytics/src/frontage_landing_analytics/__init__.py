"""Landing-page analytics: what visitors do on a shop's pages, counted without knowing who they are."""
