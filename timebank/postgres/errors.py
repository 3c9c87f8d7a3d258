"""The one error of the embedded server: a stable code, its parameters, and a sentence saying what to do.

The sentence is for logs and tracebacks; words for people live in the locale files, by code.
"""

from timebank.errors import RefusalError

EXPLANATIONS = {
    "platform_not_supported": (
        "The embedded server does not run on {platform}; name a server in TIMEBANK_DATABASE_URL."
    ),
    "server_programs_missing": "{folder} has no PostgreSQL {version} (postgres and initdb).",
    "server_programs_not_reachable": (
        "Run as root, the server has a user of its own, which cannot run the programs in {folder} ({reason});"
        " install them where every user may read and run them, such as below /opt."
    ),
    "home_not_writable": "{folder} cannot be made or written ({reason}); choose another TIMEBANK_HOME.",
    "home_of_another_user": (
        "{folder} belongs to {owner}; run the command as that user, or choose another TIMEBANK_HOME."
    ),
    "home_not_reachable": (
        "Run as root, the server has a user of its own, which cannot pass through {folder}; "
        "choose a TIMEBANK_HOME below folders that every user may pass through, such as /var/lib/timebank."
    ),
    "user_without_name": "PostgreSQL needs a user with a name, and uid {uid} has none in the user database.",
    "cannot_change_user": (
        "PostgreSQL does not run as root, and this root may not use uid {uid} ({reason}); "
        "run the command as an ordinary user."
    ),
    "server_user_taken": (
        "The files in {folder} belong to uid {uid}, which was nobody's and is now the account {name}; "
        "give that account another uid."
    ),
    "cluster_of_another_version": "{folder} is of PostgreSQL {found}, not {wanted}.",
    "cluster_of_another_user": "{folder} belongs to uid {found}, not {wanted}; give it back with chown -R.",
    "cluster_not_made": "initdb failed: {reason}",
    "server_did_not_start": "PostgreSQL did not start ({reason}); its log is {log}.",
    "server_did_not_stop": "PostgreSQL in {folder} did not stop.",
}
"""Every code, with the parameters that it carries in braces."""


class EmbeddedServerError(RefusalError):
    """The embedded server cannot be used; `code` says why and `params` hold what the words need."""

    def __str__(self) -> str:
        """The code and the English sentence."""
        return f"{self.code}: {EXPLANATIONS[self.code].format(**self.params)}"
