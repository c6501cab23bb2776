"""Azure as far as the suite needs it: the token endpoint, a storage account that enforces, clients of it."""
