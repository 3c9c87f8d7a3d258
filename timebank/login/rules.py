"""What a login may be: passwords that are refused, how long sessions live, names as strangers may see them. Pure."""

import unicodedata
from datetime import datetime, timedelta

from timebank.errors import RefusalError

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=5)
CODE_ATTEMPTS = 5

PERSON_LIFETIME = timedelta(days=30)
"""Sliding: counted from the last refresh."""
OFFICE_LIFETIME = timedelta(hours=12)
"""Fixed: counted from the login, for a session that carries an office's roles."""
DEVICE_LIFETIME = timedelta(days=90)
"""Sliding."""

FRESH = timedelta(minutes=10)
"""So long after a login by code or link a password may be set without the old one."""
PROVING_METHODS = frozenset({"code", "link"})

MIN_PASSWORD, MAX_PASSWORD = 10, 200
MIN_DISTINCT = 5

# What the leaked lists have most, without the digits and marks that people put before and after.
_WORDS = """
password passwort passw0rd pass pwd secret letmein welcome login changeme default test admin administrator root user
guest master superman batman dragon monkey sunshine princess football baseball iloveyou loveyou trustno qwerty
qwertyuiop qwer asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc qwe asd zxc abc abcd abcde
abcdef a q z aa qq zz woaini woaiwojia woaizhongguo woaimama woaibaba zhongguo beijing shanghai tianjin chongqing mima
nihao wang zhang liu chen yang huang zhao xiaoming wangwei zhangwei taobao weixin wechat tencent alibaba huawei xiaomi
timebank shijianyinhang zhiyuanzhe zhiyuan volunteer volunteers shequ jiedao dangjian juweihui
"""
_COMMONEST = frozenset(_WORDS.split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
)
_DISGUISES = str.maketrans("@$013!", "asoiei")


def plain_password(text: str) -> str:
    """Return a password as it is hashed: the same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", text)


def check_password(text: str) -> None:
    """Refuse a password that is short, or that a guesser tries first.

    Raises:
        RefusalError: `password_short`, `password_common`.
    """
    if len(text) < MIN_PASSWORD:
        raise RefusalError("password_short", least=MIN_PASSWORD)
    if _is_common(text.casefold()):
        raise RefusalError("password_common")


def _is_common(text: str) -> bool:
    # Digits alone are a phone, a birthday or an ID number before they are anything else.
    if text.isdigit() or len(set(text)) < MIN_DISTINCT:
        return True
    if any(text in row * 2 or text[::-1] in row * 2 for row in _ROWS):
        return True
    core = text.strip("0123456789.,!?@#$%^&*()-_+= ")
    forms = (_letters(core), _letters(core.translate(_DISGUISES)))
    return any(form == "" or _repeated(form) in _COMMONEST for form in forms)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _repeated(text: str) -> str:
    """Return the shortest part whose repetition is the text; the text itself if there is none."""
    return text[: (text * 2).index(text, 1)]


def session_end(began_at: datetime, now: datetime, *, is_device: bool, carries_roles: bool) -> datetime:
    """Return when a session ends that was begun then and is used now."""
    if is_device:
        return now + DEVICE_LIFETIME
    if carries_roles:
        return began_at + OFFICE_LIFETIME
    return now + PERSON_LIFETIME


def is_fresh(method: str, began_at: datetime, now: datetime) -> bool:
    """Tell whether a session proves by itself who is there: by code or link, and only just."""
    return method in PROVING_METHODS and now - began_at < FRESH


def masked_name(name: str) -> str:
    """Return a name as those who share its phone know it again: a household has one surname, so the last character."""
    name = name.strip()
    return "*" * (len(name) - 1) + name[-1] if len(name) > 1 else "*"


# The first that is found names the program; a browser within WeChat says that it is Safari, too.
_PROGRAMS = (
    ("micromessenger", "wechat"),
    ("alipay", "alipay"),
    ("edg", "edge"),
    ("firefox", "firefox"),
    ("chrome", "chrome"),
    ("safari", "safari"),
)
_SYSTEMS = (
    ("harmony", "harmony"),
    ("android", "android"),
    ("iphone", "ios"),
    ("ipad", "ios"),
    ("windows", "windows"),
    ("mac os", "mac"),
    ("linux", "linux"),
)


def client_family(user_agent: str) -> str:
    """Return the family of a client, such as `wechat android`: enough to know one's own phone by, and no more."""
    said = user_agent.casefold()
    program = next((name for sign, name in _PROGRAMS if sign in said), "other")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return f"{program} {system}".strip()
