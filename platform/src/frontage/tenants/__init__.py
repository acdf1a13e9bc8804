"""The domain: tenants, their keys and policies, and which plugin is on with which settings."""
