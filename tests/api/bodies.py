"""A well-formed body for each route that takes one, about one person and one organisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.api.cast import Cast
from timebank.policy.rules import default_pack

PACK = default_pack().model_dump(mode="json", by_alias=True)
NOWHERE = str(UUID(int=7))
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LATER = (datetime.now(UTC) + timedelta(days=1, hours=2)).isoformat()


@dataclass(frozen=True, slots=True)
class Target:
    """Whom and where a request is about."""

    person: UUID
    organisation: int
    helper: UUID


def target(cast: Cast, person: str, organisation: str) -> Target:
    """Return a target among a cast."""
    return Target(cast.people[person], cast.organisations[organisation], cast.people["max"])


def bodies(about: Target) -> Mapping[str, object]:
    """Return the bodies by method and path; rows that are named are not there."""
    person, place, helper = str(about.person), about.organisation, str(about.helper)
    people = "/api/v1/people/{person_id}"
    organisation = "/api/v1/organisations/{organisation_id}"
    session = "/api/v1/activity-sessions/{activity_session_id}"
    goods = "/api/v1/goods/{goods_id}"
    return {
        "PUT /api/v1/me/channels/{channel}": {},
        "POST /api/v1/webhook-endpoints": {
            "url": f"https://{uuid4().hex}.example.org/in",
            "kinds": ["*"],
        },
        "PATCH /api/v1/webhook-endpoints/{endpoint_id}": {"kinds": ["*"]},
        "POST /api/v1/jobs/{job}/runs": {"as_of": "2026-01-01"},
        "PUT /api/v1/jobs/{job}/pause": {"reason": "盘点"},
        "PUT /api/v1/me/password": {"new_password": "正确 马 电池 订书钉"},
        "POST /api/v1/me/totp": {},
        "POST /api/v1/me/totp/confirm": {"code": "000000"},
        "POST /api/v1/me/totp/remove": {"password": "not the password", "code": "000000"},
        "POST /api/v1/organisations": {
            "code": uuid4().hex[:12],
            "name": "新",
            "level": "grid",
            "parent_id": place,
        },
        f"PATCH {organisation}": {"name": "改名"},
        f"POST {organisation}/move": {"parent_id": place, "moved_on": "2026-01-01"},
        f"POST {organisation}/close": {"closed_on": "2026-01-01"},
        f"POST {people}/certificates": {"from_on": "2026-01-01", "until_on": "2026-12-31"},
        f"POST {people}/certificates/{{certificate_id}}/revoke": {"reason": "mistake"},
        "POST /api/v1/recognition-rounds/{round_id}/certificates": {},
        "POST /api/v1/settlements/drafts": {"month": "2026-01"},
        "POST /api/v1/settlements/{settlement_id}/pay": {"fund_id": 999_999_999},
        "POST /api/v1/people": {"name": "测试甲", "organisation_id": place},
        "POST /api/v1/people/search": {"field": "phone", "value": "19900000001", "purpose": "service"},
        f"PATCH {people}": {"area": "东门"},
        f"POST {people}/enrolment": {"code": uuid4().hex[:12]},
        f"POST {people}/memberships": {"organisation_id": place, "kind": "residence"},
        f"POST {people}/memberships/{{membership_id}}/end": {},
        f"POST {people}/guardianships": {"guardian_id": helper, "relation": "parent"},
        f"POST {people}/stars": {"to_star": 0, "reason": "mistake"},
        f"POST {people}/cards/reissue": {"reason": "lost"},
        f"POST {people}/cards/print": {"token": "TBC-0123456789ABCDEF"},
        f"POST {people}/cards/{{card_id}}/revoke": {"reason": "lost"},
        f"PUT {people}/cards/pin": {"pin": "4071"},
        "POST /api/v1/tills/{till_id}/refunds": {"receipt": "S1-20260509-0001", "reason": "damaged"},
        "POST /api/v1/redemptions/{redemption_id}/refund": {"reason": "damaged"},
        "POST /api/v1/tills": {"shop_id": 999_999_999, "device_token": "none"},
        "POST /api/v1/tills/{till_id}/close": {"cash_cents": 0},
        "POST /api/v1/tills/{till_id}/quotes": {"shown": {"code": "A" * 40}},
        "PUT /api/v1/quotes/{quote_id}": {"lines": []},
        "POST /api/v1/quotes/{quote_id}/confirm": {},
        f"POST {people}/reservations": {
            "shop_id": 999_999_999,
            "lines": [{"goods_id": 999_999_999, "quantity": 1}],
        },
        "POST /api/v1/cards/resolve": {"token": "TBC-0123456789ABCDEF"},
        f"POST {people}/consents": {"purpose": "location", "is_given": True, "text_version": "1"},
        f"POST {people}/notifications/read": {"last_id": 1},
        "POST /api/v1/activities": {
            "code": uuid4().hex[:12],
            "organisation_id": place,
            "name": "新",
            "category": "social",
            "place": "站",
            "starts_at": SOON,
            "ends_at": LATER,
        },
        "PATCH /api/v1/activities/{activity_id}": {"name": "改名"},
        "POST /api/v1/activities/{activity_id}/sessions": {"starts_at": SOON, "ends_at": LATER},
        "POST /api/v1/activities/{activity_id}/session-series": {
            "weekdays": [1],
            "first": "2026-01-01",
            "last": "2026-01-31",
            "begins": "09:00",
            "ends": "11:00",
        },
        "PATCH /api/v1/activity-sessions/{activity_session_id}": {"place": "站"},
        "POST /api/v1/activity-sessions/{activity_session_id}/sign-ups": {"person_id": person},
        "POST /api/v1/activity-sessions/{activity_session_id}/team-sign-ups": {
            "team_id": place,
            "person_ids": [person],
        },
        "POST /api/v1/ceilings": {"organisation_id": place, "unit": "point", "change": 1, "reason": "测试"},
        "POST /api/v1/awards": {"person_id": person, "unit": "point", "amount": 1, "reason": "测试"},
        f"POST {people}/kinships": {"kin_id": helper, "relation": "child"},
        f"POST {people}/gifts": {"to_person_id": helper, "amount": 1},
        f"POST {people}/donations": {"amount": 1},
        "POST /api/v1/grants": {
            "fund_id": 999_999_999,
            "person_id": person,
            "amount": 1,
            "reason": "aged_80",
        },
        f"POST {people}/service-orders": {
            "category": "companionship",
            "wish": "陪伴就医",
            "wanted_at": SOON,
            "minutes": 60,
        },
        "POST /api/v1/service-orders/{order_id}/assign": {"server_id": person},
        "POST /api/v1/service-orders/{order_id}/done": {"minutes_used": 60},
        "POST /api/v1/transactions/{transaction_id}/reversal": {"reason": "mistake"},
        "POST /api/v1/reviews": {"decisions": [{"record_id": 999_999_999, "decision": "approve"}]},
        "PUT /api/v1/records/{record_id}/evaluation": {"evaluation": "good"},
        "POST /api/v1/records/{record_id}/void": {"reason": "mistake"},
        "POST /api/v1/records/{record_id}/corrections": {
            "reason": "mistake",
            "times": {
                "check_in_at": "2025-03-05T14:30:00+08:00",
                "check_out_at": "2025-03-05T16:30:00+08:00",
            },
        },
        "POST /api/v1/records/{record_id}/disputes": {"statement": "时间不对"},
        "POST /api/v1/disputes/{dispute_id}/decision": {"decision": "dismissed", "answer": "核对无误"},
        "POST /api/v1/role-grants": {"person_id": helper, "role": "steward", "organisation_id": place},
        f"POST {people}/proxies": {
            "agent_id": helper,
            "scopes": ["standing"],
            "reason": "代办",
            "until_at": SOON,
        },
        "POST /api/v1/devices/enrolments": {"kind": "station", "name": "站", "organisation_id": place},
        "POST /api/v1/shops": {"code": uuid4().hex[:12], "name": "测试超市", "organisation_id": place},
        "PATCH /api/v1/shops/{shop_id}": {"name": "改名超市"},
        "POST /api/v1/shops/{shop_id}/goods": {"sku": "RICE", "name": "大米", "price_points": 30},
        f"PATCH {goods}": {"name": "改名"},
        f"POST {goods}/receipts": {"quantity": 1, "unit_cost_cents": 100},
        f"POST {goods}/transfers": {"to_goods_id": 1, "quantity": 1, "reason": "测试"},
        f"POST {goods}/counts": {"counted": 1, "reason": "测试"},
        f"POST {goods}/write-offs": {"quantity": 1, "reason": "测试"},
        "POST /api/v1/funds": {
            "code": uuid4().hex[:12],
            "name": "测试金",
            "kind": "money",
            "organisation_id": place,
        },
        "PATCH /api/v1/funds/{fund_id}": {"name": "改名金"},
        "POST /api/v1/funds/{fund_id}/deposits": {"amount_cents": 1, "reference": "T-1"},
        "POST /api/v1/stations": {
            "code": uuid4().hex[:12],
            "name": "测试站",
            "kind": "neighbourhood",
            "place": "东门",
            "hours": "08:30-18:00",
            "organisation_id": place,
        },
        "PATCH /api/v1/stations/{station_id}": {"name": "改名站"},
        "PUT /api/v1/calendar-days/{day}": {"is_working": False, "name": "测试停工"},
        "POST /api/v1/notices": {"organisation_id": place},
        "POST /api/v1/notices/{notice_id}/lines/{line}/objections": {"ground": "测试"},
        "POST /api/v1/recognition-rounds": {
            "organisation_id": about.organisation,
            "scheme": "annual",
            "from_on": "2025-01-01",
            "until_on": "2025-12-31",
            "title": "名单",
        },
        "POST /api/v1/recognition-rounds/{round_id}/candidates/{number}/decisions": {
            "decision": "exclude",
            "reason": "mistake",
        },
        "POST /api/v1/recognition-rounds/{round_id}/candidates/{number}/revocation": {"reason": "mistake"},
        "POST /api/v1/recognition-rounds/{round_id}/withdrawal": {"reason": "mistake"},
        "POST /api/v1/recognition-rounds/{round_id}/revocation": {"reason": "mistake"},
        "POST /api/v1/recognition-lists/{round_id}/lines/{number}/objections": {"ground": "不实"},
        "POST /api/v1/recognition-objections/{objection_id}/decision": {
            "decision": "upheld",
            "reason": "核实",
        },
        "POST /api/v1/objections/{objection_id}/decision": {"decision": "dismissed", "reason": "测试"},
        "POST /api/v1/exports": {"kind": "records_xlsx"},
        "POST /api/v1/policy/validate": PACK,
        "POST /api/v1/policy/diff": {"pack": PACK},
        "POST /api/v1/policy/simulate": {"pack": PACK, "from_on": "2025-01-01", "until_on": "2025-01-31"},
        "POST /api/v1/policy/versions": {"pack": PACK, "effective_from": "2999-01-01"},
        "POST /api/v1/scans/receipts": {"bank": "nobody", "code": "A" * 40},
        "POST /api/v1/scans": {"kind": "in", "code": "A" * 40, "person_id": person},
        "POST /api/v1/scans/batch": {
            "device_id": NOWHERE,
            "entries": [
                {
                    "seq": 1,
                    "prior": "0" * 64,
                    "at": SOON,
                    "latest": SOON,
                    "offset_ms": 0,
                    "kind": "in",
                    "activity_session_id": 1,
                    "outcome": "accepted",
                    "signature": "A" * 86 + "==",
                }
            ],
        },
        f"POST {session}/scans": {"kind": "in", "member_code": "A" * 40},
        f"POST {session}/roll-call": {"rows": [{"person_id": person, "kind": "in"}]},
        f"POST {session}/late-entries": {
            "rows": [{"person_id": person, "check_in_at": SOON, "check_out_at": SOON, "evidence": "S-1"}]
        },
        "POST /api/v1/merchants": {
            "organisation_id": place,
            "name": "测试理发店",
            "category": "理发",
            "address": "东门路 9 号",
            "licence": uuid4().hex,
        },
        "PATCH /api/v1/merchants/{merchant_id}": {"name": "改名"},
        "POST /api/v1/merchants/{merchant_id}/entries": {"kind": "vetted", "reason": "测试"},
        "POST /api/v1/merchants/{merchant_id}/staff": {"person_id": helper},
        "POST /api/v1/merchants/{merchant_id}/offers": {
            "kind": "percent_off",
            "percent": 10,
            "title": "测试九折",
            "price_fufen": 20,
            "starts_on": "2025-01-01",
            "ends_on": "2999-12-31",
        },
        "PATCH /api/v1/offers/{offer_id}": {"title": "改名"},
        "POST /api/v1/offers/resolve": {"code": "A" * 30},
        "POST /api/v1/offers/{offer_id}/acceptances": {"code": "A" * 30},
        f"POST {people}/acceptances": {"code": "A" * 30},
        "POST /api/v1/acceptances/{acceptance_id}/complaints": {"statement": "测试"},
        "POST /api/v1/complaints/{complaint_id}/decision": {"decision": "dismissed", "answer": "测试"},
        f"POST {people}/conversion-quotes": {"from_unit": "point", "to_unit": "fufen", "amount": 10},
        f"POST {people}/conversions": {"from_unit": "point", "to_unit": "fufen", "amount": 10},
        f"POST {people}/vouchers": {"offer_id": 999_999_999},
        "POST /api/v1/vouchers/uses": {
            "merchant_id": 999_999_999,
            "uses": [{"text": "V1" + "A" * 176, "used_at": SOON}],
        },
        "POST /api/v1/login/codes": {"bank": "nobody", "phone": "19900000001"},
        "POST /api/v1/login/codes/verify": {"bank": "nobody", "code_id": NOWHERE, "code": "000000"},
        "POST /api/v1/login/codes/choose": {"bank": "nobody", "ticket": "x", "person_id": person},
        "POST /api/v1/login/passwords": {"bank": "nobody", "phone": "19900000001", "password": "guess"},
        "POST /api/v1/login/links": {"bank": "nobody", "token": "x"},
        "POST /api/v1/login/refresh": {"bank": "nobody", "refresh_token": "x"},
        "POST /api/v1/devices/enrol": {"bank": "nobody", "token": "AAAA", "public_key": "A" * 43 + "="},
    }
