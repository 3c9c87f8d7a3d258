"""Where a login leads back to: a page of this site and nothing else. Pure."""

import re

MAX_LENGTH = 500
HOME = "/me"

# Printable ASCII, as a browser writes an address. A second slash or a backslash at the start would name another host.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def safe_path(text: str | None) -> str:
    """Return the path to go on to if it is one of this site's, else the member's own page."""
    if text is None or len(text) > MAX_LENGTH or not _PATH.fullmatch(text):
        return HOME
    return text
