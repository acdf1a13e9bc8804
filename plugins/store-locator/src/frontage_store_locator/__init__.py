"""Store locator: the places of a tenant, found from any page by distance, by words and by what is open."""
