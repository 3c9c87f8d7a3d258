"""A record in the hands of everybody at once, beside a small model of what each is answered."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.values import Refused
from tests.api.cast import enter
from tests.conftest import new_bank
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.notices.crediting import By, credit_records
from timebank.records.correcting import Times, correct_record, void_record
from timebank.records.disputes import Decision, decide_dispute, raise_dispute

T = TypeVar("T")

TIMES = Times(NINE, NINE + timedelta(hours=1))
REVIEWERS = st.sampled_from(["wen", "olga", "xu"])


class RecordMachine(RuleBasedStateMachine):
    """One record of Alice's, and every record that comes in its place."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]

    def do(self, work: Awaitable[T]) -> T | str:
        """Return what the work returns, or the code of its refusal."""
        try:
            return self.loop.run_until_complete(work)
        except RefusalError as refusal:
            return refusal.code

    @initialize(
        hours=st.sampled_from([2, 6.5]),
        mode=st.sampled_from(["station_code", "late_entry"]),
        creator=st.sampled_from(["wen", "adam"]),
    )
    def serve(self, hours: float, mode: str, creator: str) -> None:
        """Let Alice serve a session that is closed."""

        async def work() -> None:
            bank = await new_bank(self.database)
            self.scene = Scene(self.database, await enter(self.database, bank))
            await self.scene.adopt()
            self.record = await self.scene.served("alice", hours=hours, mode=mode, creator=creator)

        self.loop.run_until_complete(work())
        self.creator, self.needs_reason = creator, mode == "late_entry"
        self.minutes = round(hours * 60)
        self._begin(maker=None)

    def _begin(self, *, maker: str | None) -> None:
        self.state, self.maker = "pending", maker
        self.approver: str | None = None
        self.reviewers: set[str] = set()
        self.dispute: int | None = None

    @rule(
        who=REVIEWERS, decision=st.sampled_from(["approve", "approve", "reject"]), with_reason=st.booleans()
    )
    def review(self, who: str, decision: str, *, with_reason: bool) -> None:
        """Let somebody decide."""
        reason = "other" if with_reason else None
        answer = self.do(self.scene.review(who, self.record, decision=decision, reason=reason))  # type: ignore[arg-type]  # a reason's code
        assert answer == [self._reviewed(who, decision, with_reason=with_reason)]

    def _reviewed(self, who: str, decision: str, *, with_reason: bool) -> str:
        refusals = {
            "unknown_record": who == "xu",
            "record_state_refused": self.state not in {"pending", "second_review"},
            "record_disputed": self.dispute is not None,
        }
        if decision == "reject":
            refusals["reason_missing"] = not with_reason
        else:
            refusals["review_of_own"] = who == self.maker
            refusals["review_by_creator"] = who == self.creator
            refusals["second_approver_same"] = self.state == "second_review" and who == self.approver
            refusals["reason_missing"] = self.needs_reason and not with_reason
        for code, applies in refusals.items():
            if applies:
                return code
        self.reviewers.add(who)
        if decision == "reject":
            self.state = "rejected"
        elif self.state == "pending" and (self.needs_reason or self.minutes > 360):
            self.state, self.approver = "second_review", who
        else:
            self.state = "approved"
        return self.state

    @rule(who=st.sampled_from(["olga", "adam"]))
    def void(self, who: str) -> None:
        """Take it back."""
        done = self.do(
            self.scene.do(
                who,
                lambda tx, actor: void_record(
                    tx, actor, record_id=self.record, reason="mistake", now=EVENING
                ),
            )
        )
        assert (done == "already_voided") == (self.state == "voided")
        assert not isinstance(done, Refused)
        self.state = "voided"

    @rule(who=st.sampled_from(["olga", "adam"]))
    def correct(self, who: str) -> None:
        """Put another in its place."""
        done = self.do(
            self.scene.do(
                who,
                lambda tx, actor: correct_record(
                    tx, actor, record_id=self.record, times=TIMES, reason="mistake", now=EVENING
                ),
            )
        )
        if self.state == "voided":
            assert done == "already_voided"
        else:
            self._replaced(who, done.record_id)  # type: ignore[union-attr]  # a correction

    def _replaced(self, who: str, record: int) -> None:
        self.record, self.minutes = record, 60
        self._begin(maker=who)

    @rule()
    def raise_(self) -> None:
        """Let Alice say that it is wrong."""
        done = self.do(
            self.scene.do(
                "alice",
                lambda tx, actor: raise_dispute(
                    tx, actor, record_id=self.record, statement="测试", now=EVENING
                ),
            )
        )
        if self.state == "voided":
            assert done == "record_state_refused"
        elif self.dispute is not None:
            assert done == "already_disputed"
        else:
            self.dispute = done.id  # type: ignore[union-attr]  # a dispute

    @precondition(lambda self: self.dispute is not None)
    @rule(who=st.sampled_from(["wen", "olga"]), is_upheld=st.booleans(), with_times=st.booleans())
    def decide(self, who: str, *, is_upheld: bool, with_times: bool) -> None:
        """Decide what Alice said."""
        dispute, times = self.dispute, TIMES if with_times else None
        assert dispute is not None
        done = self.do(
            self.scene.do(
                who,
                lambda tx, actor: decide_dispute(
                    tx,
                    actor,
                    dispute_id=dispute,
                    decision="upheld" if is_upheld else "dismissed",
                    answer="测试",
                    times=times,
                    now=EVENING,
                ),
            )
        )
        if who in self.reviewers:
            assert done == "dispute_by_approver"
        elif who == self.maker:
            assert done == "dispute_by_enterer"
        elif with_times and not is_upheld:
            assert done == "correction_not_wanted"
        elif with_times and self.state == "voided":
            assert done == "already_voided"
        elif with_times:
            assert isinstance(done, Decision)
            assert done.correction_id is not None
            self._replaced(who, done.correction_id)
        else:
            self.dispute = None
            self.state = "voided" if is_upheld else self.state

    @rule()
    def credit(self) -> None:
        """Credit it, if it may be."""
        done = self.do(
            self.scene.write(
                lambda tx: credit_records(
                    tx, record_ids=[self.record], state="approved", by=By("test"), now=EVENING
                )
            )
        )
        may = self.state == "approved" and self.dispute is None
        assert done.credited == int(may)  # type: ignore[union-attr]  # figures
        self.state = "credited" if may else self.state

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        """Compare the record, the records it stands in for, and what Alice has."""
        if not hasattr(self, "scene"):
            return

        async def look() -> None:
            *before, now = await self.scene.records()
            assert (now["id"], now["state"]) == (self.record, self.state)
            assert all(row["state"] == "voided" for row in before)
            assert await self.scene.balance("alice", "minute") == (
                self.minutes if self.state == "credited" else 0
            )

        self.loop.run_until_complete(look())
