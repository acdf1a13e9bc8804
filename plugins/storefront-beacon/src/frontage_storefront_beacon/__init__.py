"""Storefront beacon: what shoppers see, click and want, from any storefront, counted for the shop."""
