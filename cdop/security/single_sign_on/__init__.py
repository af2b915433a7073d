"""Single sign-on by OpenID Connect: who the providers are, what they are asked, what they prove.

Knows no account and no database: `cdop.sign_in.identities` says whose an identity is.
"""
