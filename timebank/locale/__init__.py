"""The words for people, one file a language."""
