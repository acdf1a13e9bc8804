"""Pages of a shop's places, written on the server: for search engines, and for people without a script."""
