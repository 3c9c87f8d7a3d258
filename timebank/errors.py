"""The two kinds of trouble that callers tell apart: refusals (expected, with a code) and outages (try again)."""


class RefusalError(Exception):
    """An expected refusal: a stable code and parameters for the words; never logged as an error."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class OutageError(Exception):
    """Something outside failed (a server that is down, a lock not had in time); the same call may be repeated."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
