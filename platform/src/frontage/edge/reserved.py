"""Names that belong to the platform, so that no plugin may use them; light to import."""

KEY_POLICIES = frozenset({"secret", "publishable"})
"""Either name stands for the policy of whatever key has called."""
OWN_SCHEMAS = frozenset({"Problem", "FieldProblem", "Pagination"})
"""Components of every OpenAPI document, alike in all of them."""
