"""Who somebody is at an identity provider: linked to an account that exists, and to one only."""
