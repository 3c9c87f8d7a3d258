"""A list with the cast on it, put straight into the tables: for what reads lists, however they came about."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ledger.session import WriteTx
from tests.api.cast import Cast
from timebank.database import Database
from timebank.policy.actions import adopt, load_history
from timebank.policy.calendar import QuotaRule, RecognitionScheme
from timebank.policy.parts import Words
from timebank.policy.rules import default_pack

SCHEME = RecognitionScheme(
    code="annual",
    label=Words(zh="嘉许", en="recognition"),
    step_hours=(50, 100),
    quota=QuotaRule(per="community", most=1),
    bars=("debt",),
)
DIGEST = bytes(range(32))
CHECKPOINT = f"timebank.example/test\n7\n{'A' * 43}=\n\n— timebank.example/test BBBB\n"
DAY = datetime(2026, 1, 20, 1, 30, tzinfo=UTC)

_ROUND = """
insert into recognition_rounds (bank_id, scheme, title, organisation_id, from_on, until_on, policy_version, criteria,
  tree_size, checkpoint, opened_at, opened_by, state, candidates, digest, notice_opened_on, notice_closes_on,
  approved_at, published_at)
values ($1, 'annual', '测试 2025 年度嘉许名单', $2, '2025-01-01', '2025-12-31', 1, $3::text::jsonb, 7,
  $4, $5::timestamptz, $6, $7::text, 2, $8, $9::date, $10::date, $5,
  case when $7::text = 'published' then $5::timestamptz end)
returning id
"""
_CANDIDATE = """
insert into recognition_candidates (bank_id, round_id, number, subject, volunteer_id, community_id, level, place, tied,
  minutes, points, records, evidence, finding, state, masked_name)
select $1, $2, $3, 'volunteer', v.id, v.organisation_id, $5, $3, $6, $7, $8, $9, $10::text::jsonb, $11, $12, $13
from volunteers v where v.bank_id = $1 and v.owner = $4
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate to be."""

    who: str
    level: int
    minutes: int
    finding: str = "named"
    state: str = "proposed"
    tied: int = 1
    masked_name: str | None = "测*"


LINES = (
    Line("alice", 2, 6_090),
    Line("bob", 1, 3_000, finding="barred:debt", state="excluded"),
)


async def enter_list(
    database: Database,
    cast: Cast,
    *,
    lines: tuple[Line, ...] = LINES,
    state: str = "published",
    at: str = "root",
    closes_on: date = date(2026, 1, 19),
) -> int:
    """Enter a list of the year 2025 and return its number."""

    async def work(tx: WriteTx) -> int:
        if not (await load_history(tx)).versions:
            await adopt(tx, default_pack(), effective_from=date(2021, 1, 1), actor="test")
        run, olga = tx.connection, cast.people["olga"]
        round_id: int = await run.fetchval(
            _ROUND,
            tx.bank_id,
            cast.organisations[at],
            SCHEME.model_dump_json(),
            CHECKPOINT,
            DAY,
            olga,
            state,
            DIGEST,
            date(2026, 1, 12),
            closes_on,
        )
        for number, line in enumerate(lines, 1):
            evidence = {
                "grades": {"B": line.minutes - 30, "none": 30},
                "people": 1,
                "since": "2025-02-01",
                "until": "2025-11-30",
                "leaves": f"{number:064x}",
                "bars": ["debt"] if line.finding == "barred:debt" else [],
                "quota": {"base": 3, "places": 1, "place": number, "tied": 1},
            }
            await run.execute(
                _CANDIDATE,
                tx.bank_id,
                round_id,
                number,
                cast.people[line.who],
                line.level,
                line.tied,
                line.minutes,
                line.minutes // 6,
                4,
                json.dumps(evidence),
                line.finding,
                line.state,
                line.masked_name,
            )
        return round_id

    return await database.write(cast.bank, work)
