"""The outbox: what leaves the bank for a person or a program, each message once."""
