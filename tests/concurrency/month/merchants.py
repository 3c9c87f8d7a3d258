"""What happens at the merchants: codes scanned either way, vouchers made, used and taken back, complaints."""

from dataclasses import dataclass, field
from random import Random

from tests.concurrency.month.district import District
from tests.concurrency.month.recount import Member
from timebank.codes.rules import MEMBER_WINDOW_SECONDS, member_code, window_of

ACCEPTANCES, VOUCHERS = 6, 2
"""Of a merchant on a day."""


@dataclass(slots=True)
class Voucher:
    """A voucher as its holder was given it."""

    id: int
    text: str
    fufen: int
    member: Member
    is_open: bool = True


@dataclass(slots=True)
class Stall:
    """A merchant, the vouchers of it that are about, and what it honoured."""

    district: District
    merchant: int
    luck: Random
    vouchers: list[Voucher] = field(default_factory=list)

    async def trade(self) -> None:
        """Let members come for a day, and hand in at its end what vouchers they showed."""
        for _ in range(ACCEPTANCES):
            member = self.luck.choice(self.district.members)
            offer, fufen = self.luck.choice(self.district.offers[self.merchant])
            async with member.busy:
                if self.luck.random() < 1 / 2:
                    taken = await self._scan_member(offer, member, fufen)
                else:
                    taken = await self._scanned_by_member(offer, member, fufen)
                if taken is not None and self.luck.random() < 1 / 20:
                    await self._complain(taken, member, fufen)
        for _ in range(VOUCHERS):
            await self._make_voucher()
        await self._hand_in()

    async def _scan_member(self, offer: int, member: Member, fufen: int) -> int | None:
        """Scan what a member's phone shows; the same code is good once."""
        district = self.district
        now = district.line.clock()
        code = member_code(member.seed, bank_id=district.line.bank.id, pass_id=member.pass_id, at=now)
        path = f"/api/v1/offers/{offer}/acceptances"
        answer = await district.people["max"].insist(path, {"code": code})
        window = window_of(now, MEMBER_WINDOW_SECONDS)
        if window in member.shown:
            assert (answer.status, answer.json["code"]) == (422, "code_used"), answer
            return None
        member.shown.add(window)
        return self._took(answer.status, answer.json, member, fufen)

    async def _scanned_by_member(self, offer: int, member: Member, fufen: int) -> int | None:
        """Let a member scan what the merchant's screen shows; the same code is good once for a member."""
        shown = await self.district.people["max"].get(f"/api/v1/offers/{offer}/code")
        hand = self.district.hand(member.session)
        path = f"/api/v1/people/{member.id}/acceptances"
        answer = await hand.insist(path, {"code": shown.json["text"]})
        hand.close()
        if answer.status == 422 and answer.json["code"] == "code_used":
            return None
        return self._took(answer.status, answer.json, member, fufen)

    def _took(self, status: int, said: dict[str, object], member: Member, fufen: int) -> int | None:
        day = self.district.day
        if member.fufen.good(day) < fufen:
            assert (status, said["code"]) == (422, "insufficient_fufen"), said
            return None
        assert (status, said["fufen"], said["merchant_id"]) == (201, fufen, self.merchant), said
        self.district.recount.accepted(self.merchant, member, fufen, day=day)
        return int(str(said["id"]))

    async def _complain(self, acceptance: int, member: Member, fufen: int) -> None:
        """Complain, and be right."""
        hand = self.district.hand(member.session)
        raised = await hand.ask(
            "POST", f"/api/v1/acceptances/{acceptance}/complaints", {"statement": "没有服务"}
        )
        hand.close()
        assert raised.status == 201, raised
        path = f"/api/v1/complaints/{raised.json['id']}/decision"
        decided = await self.district.people["olga"].insist(path, {"decision": "upheld", "answer": "属实"})
        assert decided.status == 201, decided
        self.district.recount.given_back(self.merchant, member, fufen, day=self.district.day)
        self.district.recount.told["upheld"] += 1

    async def _make_voucher(self) -> None:
        """Let a member make a voucher; one of five is taken back, and shown nevertheless."""
        district, member = self.district, self.luck.choice(self.district.members)
        offer, fufen = self.luck.choice(district.offers[self.merchant])
        hand = district.hand(member.session)
        async with member.busy:
            if member.fufen.good(district.day) >= fufen:
                path = f"/api/v1/people/{member.id}/vouchers"
                made = await hand.insist(path, {"offer_id": offer})
                assert (made.status, made.json["fufen"]) == (201, fufen), made
                voucher = Voucher(int(str(made.json["id"])), str(made.json["text"]), fufen, member)
                district.recount.held(member, fufen, day=district.day)
                self.vouchers.append(voucher)
                if self.luck.random() < 1 / 5:
                    back = await hand.insist(f"{path}/{voucher.id}/cancellation", None)
                    assert (back.status, back.json["state"]) == (200, "cancelled"), back
                    voucher.is_open = False
                    district.recount.let_go(member, fufen, day=district.day)
        hand.close()

    async def _hand_in(self) -> None:
        """Hand in half of what is about, some of it twice; some stays open over the end of the month."""
        shown = self.luck.sample(self.vouchers, len(self.vouchers) // 2)
        if not shown:
            return
        at = self.district.line.clock().isoformat()
        uses = [{"text": voucher.text, "used_at": at} for voucher in shown]
        body = {"merchant_id": self.merchant, "uses": uses}
        for again in (False, True):
            answer = await self.district.people["max"].ask("POST", "/api/v1/vouchers/uses", body)
            said = answer.json["uses"]
            assert isinstance(said, list)
            for voucher, use in zip(shown, said, strict=True):
                self._answered(voucher, use["outcome"], again=again)
        self.vouchers = [voucher for voucher in self.vouchers if voucher not in shown]

    def _answered(self, voucher: Voucher, outcome: str, *, again: bool) -> None:
        if voucher.is_open:
            assert (outcome, again) == ("honoured", False)
            voucher.is_open = False
            self.district.recount.accepted(self.merchant, None, voucher.fufen, day=self.district.day)
            self.district.recount.told["honoured"] += 1
        else:
            assert outcome in {"repeat", "voucher_cancelled"}, outcome
            self.district.recount.told[outcome] += 1
