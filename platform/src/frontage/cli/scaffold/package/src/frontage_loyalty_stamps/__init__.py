"""Loyalty stamps: customers collect stamps on cards, and a full card earns a reward."""
