"""One's own account: password, second factors, sessions."""
