"""The demo runs by the real command."""

from tests.timebank.cli.conftest import folder, office

__all__ = ["folder", "office"]
