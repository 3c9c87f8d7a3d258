"""What a print of a certificate says, and nothing else: the printer sets it, the verifier looks for it. Pure.

The words are here and not among the locale's: a print is held to them as long as it lives, so those of a layout never
change. Another wording is another layout, beside this one.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from timebank.certificates.document import Certificate, DocumentError, Honour, Served, hours

ATTACHMENT: Final = "timebank-certificate.txt"
"""What the signed document is called inside a print."""
ABSENT: Final = "—"
HEADS: Final = ("序号 No.", "日期 Date", "活动名称 Activity", "地点 Place", "时长 Time")

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NAMED: Final = re.compile(r"【U\+([0-9A-F]{4,6})】")


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it is printed: its cells, and below them what it consisted of."""

    cells: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole print, in the order in which it is read."""

    title: str
    subtitle: str
    about: tuple[tuple[str, str], ...]
    statement: str
    lines: tuple[Line, ...]
    issued: tuple[tuple[str, str], ...]
    closing: str

    def text(self) -> str:
        """Return all of it in order, without what every page repeats."""
        parts = [self.title, self.subtitle, *_flat(self.about), self.statement]
        parts += HEADS if self.lines else ()
        for line in self.lines:
            parts += (*line.cells, line.detail)
        return "\n".join([*parts, *_flat(self.issued), self.closing])


def sheet_of(certificate: Certificate) -> Sheet:
    """Return what is printed.

    Raises:
        DocumentError: a layout that this version does not know.
    """
    if certificate.layout != 1:
        raise DocumentError("another layout")
    honour = certificate.honour
    return Sheet(
        title="志愿服务记录证明" if honour is None else f"志愿服务{honour.label}证书",
        subtitle="Certificate of volunteer service"
        if honour is None
        else "Certificate of recognition for volunteer service",
        about=_about(certificate),
        statement=_statement(certificate) if honour is None else _citation(certificate, honour),
        lines=tuple(_line(place, served) for place, served in enumerate(certificate.records, 1)),
        issued=_issued(certificate),
        closing=_CLOSING,
    )


def foot(number: str) -> str:
    """Return how each page's foot begins; the page's number and that of all pages follow."""
    return f"证明编号 {number}"


def compared(text: str) -> str:
    """Return a text as two are compared: without spaces and what is not seen, compatible forms made one."""
    named = _NAMED.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), text)
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", named)
        if not character.isspace() and unicodedata.category(character) not in _HIDDEN
    )


def printable(text: str, has_glyph: Callable[[str], bool]) -> str:
    """Return a text as it is printed: a character that the font has not as its code, and none that is not seen."""
    shown = []
    for character in unicodedata.normalize("NFC", text):
        if character.isspace():
            shown.append(" ")
        elif unicodedata.category(character) not in _HIDDEN:
            shown.append(character if has_glyph(character) else f"【U+{ord(character):04X}】")
    return "".join(shown)


def _about(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    holder = certificate.holder
    return (
        ("证明编号 Number", certificate.number),
        ("姓名 Name", holder.name),
        ("证件类型 Identity document", holder.id_type),
        ("证件号码 Its number", holder.id_number or ABSENT),
        ("志愿者编号 Volunteer number", holder.volunteer),
        ("服务期间 Period", f"{certificate.from_on} 至 {certificate.until_on}"),
        ("服务时长 Time of service", hours(certificate.minutes)),
    )


def _statement(certificate: Certificate) -> str:
    count, total = len(certificate.records), hours(certificate.minutes)
    return (
        f"兹证明 {certificate.holder.name} 于上述期间参加志愿服务 {count} 次，累计服务时长 {total}。"
        "各次服务的活动、日期、地点、内容、时长、组织单位和负责人列于下表。"
    )


def _citation(certificate: Certificate, honour: Honour) -> str:
    level = f"（{honour.level_label}）" if honour.level_label else ""
    return (
        f"{certificate.holder.name} 在“{honour.title}”中经公示无异议，获得{honour.label}{level}。"
        f"依据：期间服务记录 {honour.records} 条，服务时长 {hours(certificate.minutes)}，积分 {honour.points}；"
        f"名单第 {honour.candidate} 号，名单摘要 {honour.digest}。"
    )


def _line(place: int, served: Served) -> Line:
    cells = (
        str(place),
        str(served.day),
        served.activity or ABSENT,
        served.place or ABSENT,
        hours(served.minutes),
    )
    detail = (
        f"服务内容：{served.content or ABSENT}；组织单位：{served.organiser or ABSENT}；"
        f"负责人：{served.leader or ABSENT}；记录编号：{served.record}；证据等级：{served.grade or ABSENT}；"
        f"评价：{served.evaluation or ABSENT}"
    )
    return Line(cells, detail)


def _issued(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    issuer = certificate.issuer
    return (
        ("时间银行 Bank", issuer.bank_name),
        ("出具单位 Issued by", issuer.organisation),
        ("单位负责人 Head", issuer.head or ABSENT),
        ("经办人 Handled by", issuer.handler or ABSENT),
        ("联系方式 Contact", issuer.contact or ABSENT),
        ("出具日期 Issued on", str(certificate.issued_on)),
    )


_CLOSING: Final = (
    "本证明免费出具。扫描二维码或在“核验证明”页面上传本文件可以核验；以本文件所附的签名文件为准。"
    "Issued free of charge. Scan the symbol or hand in this file to verify it; what counts is the signed attachment."
)


def _flat(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [part for pair in pairs for part in pair]
