"""Revisions of the storefront beacon's tables."""
