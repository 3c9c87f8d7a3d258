"""What explains a pack: the criteria of its list, its cut-off, and what holds it to the books."""

from ledger.session import ReadTx
from timebank.recognition.pack import in_both, step_label
from timebank.recognition.queries import Round
from timebank.words import both


def about(tx: ReadTx, found: Round, *, named: int, others: int) -> list[tuple[str, str]]:
    """Return what explains a list: its criteria, its cut-off, and what holds it to the books."""
    criteria = found.criteria
    steps = "；".join(step_label(found, level) for level in range(1, len(criteria.step_hours) + 1))
    quota = "—"
    if criteria.quota is not None:
        many = f"{criteria.quota.percent}%" if criteria.quota.percent is not None else criteria.quota.most
        quota = both(f"pack_quota_{criteria.quota.per}", most=many)

    def moment(at: object) -> str:
        return f"{at:%Y-%m-%d %H:%M}" if at else "—"

    approved, published = (
        at.astimezone(tx.zone) if at else None for at in (found.approved_at, found.published_at)
    )
    return [
        ("名称 Title", found.title),
        ("类别 Kind", f"{in_both(criteria.label)} ({found.scheme})"),
        ("单位 Organisation", found.organisation),
        ("期间 Period", f"{found.from_on} — {found.until_on}"),
        ("对象 Subject", both(f"recognition.subject.{criteria.subject}")),
        ("级别 Steps", f"{steps} ({'、'.join(map(str, criteria.step_hours))} h)"),
        ("计入等级 Grades", "、".join(criteria.grades)),
        ("最低积分 Least points", str(criteria.least_points)),
        ("仅限党员 Party members only", both("pack_yes") if criteria.party_members_only else both("pack_no")),
        ("名额 Quota", quota),
        ("名额并列 At a tie", both(f"recognition.tie.{criteria.at_tie}")),
        (
            "排除条件 Bars",
            "、".join(both(f"recognition.finding.barred.{bar}") for bar in criteria.bars) or "—",
        ),
        ("政策版本 Policy version", str(found.policy_version)),
        ("在册 On the list", str(named)),
        ("未列入 Not on it", str(others)),
        ("公示 Notice", f"{found.notice_opened_on or '—'} — {found.notice_closes_on or '—'}"),
        ("批准时间 Approved", moment(approved)),
        ("公布时间 Published", moment(published)),
        ("截止账目数 Size of the tree", str(found.tree_size)),
        ("检查点 Checkpoint", found.checkpoint),
        ("名单摘要 SHA-256 of the list", found.digest.hex() if found.digest else "—"),
    ]
