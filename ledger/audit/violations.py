"""What an audit finds: the registry of codes, each with its invariant (DESIGN §4) and its words.

A *finding* is a code, a subject such as `account 17` and, where they tell something, the value found and the
value expected. `violation` gives it its words.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

FINDINGS_LIMIT = 100
"""The most findings of one code that one audit lists: a broken bank has no need of a million lines."""


class Finding(NamedTuple):
    """One thing that is not as it must be; `subject` is a noun of `_NOUNS`, a space and what names it."""

    code: str
    subject: str
    found: str | None = None
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a numbered invariant: a stable code, what it is about, and the words for people."""

    invariant: int
    code: str
    subject: str
    message_zh: str
    message_en: str


_NOUNS: Final = {
    "account": "账户",
    "anchor": "锚定检查点",
    "checkpoint": "检查点",
    "leaf": "叶",
    "node": "节点",
    "posting": "分录",
    "role": "数据库角色",
    "table": "表",
    "transaction": "交易",
    "unit": "单位",
}

CODES: Final[dict[str, tuple[int, str, str]]] = {
    "trigger_missing": (
        1,
        "禁止改删的触发器缺失、停用或被改动",
        "a trigger that refuses changes is missing, disabled or altered",
    ),
    "trigger_disabled": (1, "有触发器被停用", "a trigger is disabled"),
    "function_altered": (1, "触发器函数被改动", "the function behind a trigger was altered"),
    "privilege_excessive": (1, "角色拥有不该有的权限", "a role has a privilege it must not have"),
    "role_too_powerful": (
        1,
        "角色可绕过行级隔离或冒充属主",
        "a role can bypass row security or act as the owner",
    ),
    "isolation_missing": (
        1,
        "行级隔离未启用、未强制或策略不符",
        "row security is off, not forced, or its policy differs",
    ),
    "constraint_missing": (1, "约束缺失或未验证", "a constraint is missing or not validated"),
    "index_missing": (1, "唯一索引缺失或无效", "a unique index is missing or not valid"),
    "posting_crosses": (
        2,
        "分录的账户不存在,或不属于本行与该单位",
        "a posting's account is not there, or of another bank or unit",
    ),
    "posting_malformed": (
        2,
        "分录金额不为正,或两边是同一账户",
        "a posting's amount is not positive, or both sides are one account",
    ),
    "posting_orphaned": (2, "分录所属的交易不存在", "a posting's transaction is not there"),
    "posting_xact_differs": (
        2,
        "分录与其交易的写入序号不同",
        "a posting was written by another database transaction than its head",
    ),
    "refused_with_postings": (2, "被拒绝的交易带有分录", "a refused transaction has postings"),
    "accepted_without_postings": (2, "已入账的交易没有分录", "an accepted transaction has no posting"),
    "lines_broken": (2, "分录行号不是从 1 起连续", "the lines of a transaction are not 1, 2, 3 …"),
    "account_doubled": (2, "同一账户开了两次", "the same account was opened twice"),
    "unit_unbalanced": (2, "该单位全部余额之和不为零", "the balances of a unit do not add up to zero"),
    "balance_differs": (3, "余额与分录重算不符", "a balance is not the replay of its postings"),
    "below_floor": (3, "余额低于下限", "a balance is below its floor"),
    "fold_differs": (3, "汇总余额与分录重算不符", "a folded balance is not the sum of its postings"),
    "fold_day_differs": (3, "按日汇总与分录重算不符", "a fold of a day is not the sum of its postings"),
    "number_missing": (4, "受控账户的分录没有编号", "a posting of a guarded account has no number"),
    "number_on_open": (4, "开放账户的分录带有编号", "a posting of an open account has a number"),
    "numbers_broken": (
        4,
        "账户分录编号有缺口或重复",
        "the numbers of an account's postings have a gap or a double",
    ),
    "last_number_differs": (
        4,
        "账户的末号与分录数不符",
        "an account's last number is not the number of its postings",
    ),
    "running_balance_differs": (
        4,
        "分录后余额不等于前余额加减金额",
        "a running balance is not the one before plus or minus the amount",
    ),
    "order_differs": (
        4,
        "账户编号次序与交易次序不符",
        "an account's numbers run against the order of transactions",
    ),
    "key_doubled": (5, "同一幂等键有两笔交易", "one idempotency key has two transactions"),
    "id_doubled": (5, "同一编号有两笔交易", "one id has two transactions"),
    "reversed_twice": (6, "交易被冲正两次", "a transaction was reversed twice"),
    "reversal_unfounded": (
        6,
        "冲正所指的交易不存在或不可冲正",
        "a reversal of what is not there or cannot be reversed",
    ),
    "reversal_differs": (6, "冲正与原交易不成镜像", "a reversal does not mirror its transaction"),
    "lapsed_lot_spent": (7, "批次过期后被支出", "a lot was spent after its expiry"),
    "younger_lot_spent_first": (
        7,
        "未先支出最早到期的批次",
        "a lot was spent while one that ends earlier was not empty",
    ),
    "resolved_twice": (8, "冻结被了结两次", "a hold was resolved twice"),
    "resolution_unfounded": (8, "了结所指的冻结不存在", "a resolution of what is no hold"),
    "resolution_differs": (8, "了结的金额与冻结不符", "a resolution does not add up to its hold"),
    "captured_late": (8, "冻结到期后仍被扣划", "a hold was captured after its end"),
    "held_moved": (
        8,
        "冻结账户被其他种类的交易动用",
        "a held account was moved by another kind of transaction",
    ),
    "held_differs": (
        8,
        "冻结账户余额不等于未了结冻结之和",
        "a held balance is not the sum of its unresolved holds",
    ),
    "closed_period_entered": (
        9,
        "结账后又有交易记入已结账期",
        "a transaction takes effect in a period closed before it was written",
    ),
    "unsealed": (10, "应已封存的交易没有封存", "a transaction that the tree must hold is not in it"),
    "sealed_twice": (10, "交易被封存两次", "a transaction was sealed twice"),
    "sealed_out_of_order": (
        10,
        "封存次序与写入次序不符",
        "leaves are not in the order of writing, or outside their checkpoint",
    ),
    "backdated": (10, "记录时间早于此前已定的记录", "a recorded time before what had been settled earlier"),
    "recorded_backwards": (10, "账户内记录时间倒退", "recorded times run backwards along an account"),
    "recorded_ahead": (
        10,
        "记录时间或写入序号在将来",
        "a recorded time or writing number that is still to come",
    ),
    "leaf_missing": (10, "叶序号有缺口", "the leaves have a gap"),
    "leaf_unfounded": (10, "叶所指的交易已不存在", "the transaction of a leaf is gone"),
    "leaf_differs": (10, "已封存的交易被改动", "a sealed transaction was changed"),
    "leaf_unsigned": (10, "叶之后没有签名的检查点", "leaves that no signed checkpoint covers"),
    "node_differs": (10, "树节点与叶重算不符", "a node of the tree is not the hash of its leaves"),
    "root_differs": (10, "检查点的根与叶重算不符", "a checkpoint's root is not the root of the leaves"),
    "tail_deleted": (10, "检查点之后的尾部被删除", "leaves that a signed checkpoint covers are gone"),
    "note_unverified": (10, "检查点签名不可信", "a checkpoint is not signed by the key"),
    "note_differs": (10, "检查点内容与其签名文本不符", "a checkpoint differs from its signed text"),
    "origin_differs": (10, "检查点出自另一本账", "a checkpoint names another log"),
    "checkpoint_missing": (10, "已锚定的检查点不在库中", "an anchored checkpoint is not in the database"),
    "forked": (10, "历史与已锚定的检查点分叉", "history forks from an anchored checkpoint"),
}


def violation(finding: Finding) -> Violation:
    """Give a finding its invariant and its words."""
    invariant, zh, en = CODES[finding.code]
    noun, _, name = finding.subject.partition(" ")
    values_zh = values_en = ""
    if finding.found is not None or finding.expected is not None:
        values_zh = f"(现为 {finding.found or '无'},应为 {finding.expected or '无'})"
        values_en = f" (found {finding.found or 'none'}, expected {finding.expected or 'none'})"
    return Violation(
        invariant,
        finding.code,
        finding.subject,
        f"{_NOUNS[noun]} {name}:{zh}{values_zh}",
        f"{finding.subject}: {en}{values_en}",
    )
