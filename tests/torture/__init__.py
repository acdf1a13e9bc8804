"""Torture: a real server, a client that keeps a ledger of every acknowledged event, and one fault after another."""
