"""What an account's owner is told by mail: that a way to sign in to it was changed."""
