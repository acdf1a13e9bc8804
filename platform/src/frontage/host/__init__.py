"""Brings plugins in: discover, vet, load, migrate, mount, gate. Reads tenant files and serves assets."""
