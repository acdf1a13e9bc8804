"""Nearby search: one interface, an engine in memory and one in PostGIS that give the same answers."""
