"""A published list, put into the tables as it stands at its end: how it came about has tests of its own."""

from ledger.proof.checkpoints import latest_checkpoint
from ledger.session import WriteTx
from tests.timebank.certificates.scene import CIPHER, FIRST, LAST, NOW, Scene
from timebank.policy.calendar import RecognitionScheme
from timebank.vault.actions import replace_fields

SCHEME = RecognitionScheme.model_validate(
    {
        "code": "good",
        "label": {"zh": "年度嘉许", "en": "Recognition"},
        "step_hours": [3, 6],
        "step_labels": [{"zh": "铜", "en": "bronze"}, {"zh": "银", "en": "silver"}],
    }
)
_ROUND = """
insert into recognition_rounds (bank_id, scheme, title, organisation_id, from_on, until_on, policy_version, criteria,
  tree_size, checkpoint, opened_at, opened_by, state, candidates, digest, published_at)
values ($1, 'good', '测试区年度志愿服务嘉许', $2, $3, $4, 1, $5::text::jsonb, $6, $7, $8, $9, $10, 3,
  sha256('list'), $8) returning id
"""
_CANDIDATE = """
insert into recognition_candidates (bank_id, round_id, number, subject, volunteer_id, level, place, tied, minutes,
  points, records, evidence, finding, state)
select $1, $2, $3, 'volunteer', v.id, $4, $3, 1, 360, 60, 3, '{"share": 1.5, "grades": {"A": 3}}', 'named', $6
from volunteers v where v.bank_id = $1 and v.owner = $5
"""


async def publish(scene: Scene, *, state: str = "published") -> int:
    """Put Alice and Bob on a list, Alice first; Carl was taken off it."""
    people = scene.cast.people

    async def work(tx: WriteTx) -> int:
        head = await latest_checkpoint(tx)
        assert head is not None
        await tx.connection.execute(
            "insert into volunteers (bank_id, code, owner, is_party_member) values ($1, 'CARL', $2, false)",
            tx.bank_id,
            people["carl"],
        )
        round_id: int = await tx.connection.fetchval(
            _ROUND,
            tx.bank_id,
            scene.cast.organisations["root"],
            FIRST,
            LAST,
            SCHEME.model_dump_json(),
            head.tree_size,
            head.note,
            NOW,
            people["olga"],
            state,
        )
        for number, (name, level, standing) in enumerate(
            (("alice", 2, "proposed"), ("bob", 1, "proposed"), ("carl", 1, "excluded")), 1
        ):
            await tx.connection.execute(
                _CANDIDATE, tx.bank_id, round_id, number, level, people[name], standing
            )
        for name in ("bob", "carl"):
            await replace_fields(tx, CIPHER, people[name], {"name": f"测试{name}"})
        return round_id

    return await scene.database.write(scene.cast.bank, work)
