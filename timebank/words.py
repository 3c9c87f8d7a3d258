"""Words for people, Chinese and English, by code. The texts are in `locale/`; nothing else knows them."""

import json
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def _texts(language: str) -> dict[str, str]:
    text = (files("timebank.locale") / f"{language}.json").read_text(encoding="utf-8")
    texts: dict[str, str] = json.loads(text)
    return texts


def words(code: str, **params: object) -> tuple[str, str]:
    """Return the sentence of a code in Chinese and in English, its parameters filled in."""
    chinese, english = (_texts(language)[code] for language in LANGUAGES)
    return chinese.format(**params), english.format(**params)


def both(code: str, **params: object) -> str:
    """Return the sentence in both languages on one line."""
    return " / ".join(words(code, **params))
