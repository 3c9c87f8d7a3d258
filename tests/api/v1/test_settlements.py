"""Settlements over HTTP: drafted, approved by another, paid from a fund; who may see which."""

import io
from datetime import UTC, date, datetime

import openpyxl

from api.service import Service
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, TAKINGS, WALLET, Draft, Move, Place, Posted, Wallet
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database
from timebank.jobs.running import run_now

BASE = "/api/v1/settlements"
NOW = datetime.now(UTC)
THEN = datetime(2026, 3, 5, tzinfo=UTC)
MERCHANT = """
insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)
values ($1, $2, '测试理发店', '理发', '东门路 9 号', 'L1', 'active', $3) returning id, owner
"""
STAFF = """
insert into merchant_staff (bank_id, merchant_id, person_id, since_at, added_by) values ($1, $2, $3, $4, 'test')
"""


async def merchant_that_took(database: Database, cast: Cast, fufen: int) -> int:
    """Let Max accept for a merchant of apple that took some fufen in March."""

    async def work(tx: WriteTx) -> int:
        row = await tx.connection.fetchrow(MERCHANT, tx.bank_id, cast.organisations["apple"], THEN)
        assert row is not None
        await tx.connection.execute(STAFF, tx.bank_id, row["id"], cast.people["max"], THEN)
        alice = cast.people["alice"]
        given = Move(Place(ISSUANCE), Place(WALLET, alice), "fufen", fufen)
        taken = Move(Wallet(alice), Place(TAKINGS, row["owner"]), "fufen", fufen)
        outcomes = await post(
            tx,
            [Draft("award", "a", THEN, "test", (given,)), Draft("acceptance", "b", THEN, "test", (taken,))],
        )
        assert all(isinstance(outcome, Posted) for outcome in outcomes)
        return int(row["id"])

    await adopt_pack(database, cast)
    return await database.write(cast.bank, work)


async def fund_with(as_: As, cast: Cast, cents: int) -> int:
    body = {"code": "F1", "name": "测试金", "kind": "money", "organisation_id": cast.organisations["root"]}
    fund = (await as_("adam").post("/api/v1/funds", json=body)).json()["id"]
    paid = await as_("adam").post(
        f"/api/v1/funds/{fund}/deposits",
        json={"amount_cents": cents, "reference": "T-1"},
        headers={"Idempotency-Key": "deposit"},
    )
    assert paid.status_code == 201
    return int(fund)


async def test_from_takings_to_money(as_: As, cast: Cast, database: Database) -> None:
    merchant = await merchant_that_took(database, cast, 40)
    await run_now(database, cast.bank, "settle", as_of=date(2026, 4, 1), now=NOW)
    listed = (await as_("olga").get(BASE, params={"month": "2026-03"})).json()["items"]
    (found,) = listed
    assert (found["merchant_id"], found["payee"], found["amount"], found["cents"], found["state"]) == (
        merchant, "测试理发店", 40, 400, "drafted",
    )  # fmt: skip
    url = f"{BASE}/{found['id']}"
    assert (await as_("olga").post(f"{url}/approve")).json()["state"] == "approved"
    fund = await fund_with(as_, cast, 400)
    key = {"Idempotency-Key": "pay"}
    for _ in range(2):  # a lost answer is asked for again
        paid = await as_("adam").post(f"{url}/pay", json={"fund_id": fund}, headers=key)
        assert (paid.status_code, paid.json()["state"], paid.json()["fund_id"]) == (200, "paid", fund)
    again = await as_("adam").post(f"{url}/pay", json={"fund_id": fund}, headers={"Idempotency-Key": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "already_paid_settlement")
    assert (await as_("adam").get(f"/api/v1/funds/{fund}")).json()["balance"] == 0


async def test_the_office_that_drafts_does_not_approve(
    as_: As, cast: Cast, database: Database, service: Service
) -> None:
    now = service.now()
    service.now = lambda: now
    await merchant_that_took(database, cast, 40)
    drafted = await as_("olga").post(f"{BASE}/drafts", json={"month": "2026-03"})
    ((id_,), again) = (
        drafted.json()["drafted"],
        await as_("olga").post(f"{BASE}/drafts", json={"month": "2026-03"}),
    )
    assert again.json() == {"drafted": []}
    refused = await as_("olga").post(f"{BASE}/{id_}/approve")
    assert (refused.status_code, refused.json()["code"]) == (422, "approver_drafted")
    early = await as_("olga").post(
        f"{BASE}/drafts", json={"month": f"{now.astimezone(cast.bank.zone):%Y-%m}"}
    )
    assert (early.status_code, early.json()["code"]) == (422, "month_not_over")


async def test_a_merchant_sees_its_own_and_nobody_elses(as_: As, cast: Cast, database: Database) -> None:
    merchant = await merchant_that_took(database, cast, 40)
    (id_,) = (await as_("olga").post(f"{BASE}/drafts", json={"month": "2026-03"})).json()["drafted"]
    own = await as_("max").get(f"/api/v1/merchants/{merchant}/settlements")
    assert [one["id"] for one in own.json()["items"]] == [id_]
    lines = (await as_("max").get(f"{BASE}/{id_}/items")).json()["items"]
    assert [(line["kind"], line["amount"]) for line in lines] == [("acceptance", 40)]
    assert (await as_("max").get(BASE)).status_code == 403
    assert (await as_("alice").get(f"{BASE}/{id_}")).status_code == 403
    stop = "update merchant_staff set until_at = now() where bank_id = $1"
    await database.write(cast.bank, lambda tx: tx.connection.execute(stop, tx.bank_id))
    for path in (f"{BASE}/{id_}", f"{BASE}/{id_}/items", f"{BASE}/{id_}/statement.xlsx"):
        assert (await as_("max").get(path)).status_code == 404


async def test_the_accountant_s_file(as_: As, cast: Cast, database: Database) -> None:
    await merchant_that_took(database, cast, 40)
    (id_,) = (await as_("olga").post(f"{BASE}/drafts", json={"month": "2026-03"})).json()["drafted"]
    answer = await as_("audrey").get(f"{BASE}/{id_}/statement.xlsx")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="settlement-{id_}.xlsx"'
    head, lines = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    assert ("收款方 Payee", "测试理发店") in list(head.iter_rows(values_only=True))
    assert [row[4] for row in lines.iter_rows(min_row=2, values_only=True)] == [40]
