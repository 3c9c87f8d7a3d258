"""The parts of what is handed out to a person: a query for each, whose `$1` is the bank and `$2` the person.

No secret is among them: no card's token, no password's hash, no key.
"""

from collections.abc import Mapping

PARTS: Mapping[str, str] = {
    "person": "select p.id, p.created_at, p.erased_at from people p where p.bank_id = $1 and p.id = $2",
    "volunteer": """
select v.code, o.name as organisation, t.name as team, v.is_party_member, v.registered_on
from volunteers v
left join organisations o on o.bank_id = $1 and o.id = v.organisation_id
left join organisations t on t.bank_id = $1 and t.id = v.team_id
where v.bank_id = $1 and v.owner = $2
""",
    "memberships": """
select m.kind, o.name as organisation, m.from_on, m.until_on, m.recorded_by
from memberships m join organisations o on o.bank_id = $1 and o.id = m.organisation_id
where m.bank_id = $1 and m.person_id = $2 order by m.id
""",
    "guardianships": """
select g.minor_id, g.guardian_id, g.relation, g.from_on, g.until_on, g.recorded_by
from guardianships g where g.bank_id = $1 and (g.minor_id = $2 or g.guardian_id = $2) order by g.id
""",
    "consents": """
select c.purpose, c.is_given, c.text_version, c.declared_by, c.recorded_at, c.actor
from consents c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "cards": """
select c.issued_at, c.issued_by, c.pin_set_at, c.revoked_at, c.revoked_for
from cards c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "passes": """
select p.issued_at, p.revoked_at from passes p where p.bank_id = $1 and p.person_id = $2 order by p.id
""",
    "credentials": """
select c.password_hash is not null as has_password, c.totp_confirmed_at is not null as has_second_factor, c.changed_at
from credentials c where c.bank_id = $1 and c.person_id = $2
""",
    "sessions": """
select s.method, s.client, s.began_at, s.seen_at, s.expires_at, s.ended_at, s.ended_for
from sessions s where s.bank_id = $1 and s.person_id = $2 order by s.began_at, s.id
""",
    "roles": """
select g.role, o.name as organisation, g.from_at, g.until_at, g.granted_by, g.granted_at, g.revoked_at, g.revoked_by
from role_grants g join organisations o on o.bank_id = $1 and o.id = g.organisation_id
where g.bank_id = $1 and g.person_id = $2 order by g.id
""",
    "proxies": """
select x.principal_id, x.agent_id, x.scopes, x.reason, x.from_at, x.until_at, x.made_by, x.made_at, x.ended_at,
  x.ended_by
from proxies x where x.bank_id = $1 and (x.principal_id = $2 or x.agent_id = $2) order by x.id
""",
    "records": """
select r.id, a.code as activity, a.name, a.category, coalesce(s.place, a.place) as place, r.check_in_at, r.check_out_at,
  r.served_from, r.served_until, r.minutes, r.points, r.policy_version, r.outcome, r.state, r.grade, r.origin,
  r.evaluation, r.recorded_at
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $2 order by r.id
""",
    "sign_ups": """
select a.code as activity, a.name, s.place, s.starts_at, s.ends_at, t.name as team, u.state, u.queued_at, u.changed_at,
  u.changed_by
from volunteers v join sign_ups u on u.bank_id = $1 and u.volunteer_id = v.id
join activity_sessions s on s.bank_id = $1 and s.id = u.session_id
join activities a on a.bank_id = $1 and a.id = s.activity_id
left join organisations t on t.bank_id = $1 and t.id = u.team_id
where v.bank_id = $1 and v.owner = $2 order by u.id
""",
    "notice_lines": """
select l.notice_id, l.line, l.masked_name, l.state, n.opened_on, n.closes_on, l.record_id
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join notice_lines l on l.bank_id = $1 and l.record_id = r.id
join notices n on n.bank_id = $1 and n.id = l.notice_id
where v.bank_id = $1 and v.owner = $2 order by l.notice_id, l.line
""",
    "objections": """
select o.id, o.notice_id, o.ground, o.contact_sealed is not null as has_contact, o.raised_at, o.decided_at, o.decision
from objections o where o.bank_id = $1 and o.raised_by = $2 order by o.id
""",
    "record_entries": """
select e.record_id, e.kind, e.actor, e.detail::text as detail, e.entered_at
from volunteers v join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join record_entries e on e.bank_id = $1 and e.record_id = r.id
where v.bank_id = $1 and v.owner = $2 order by e.id
""",
    "disputes": """
select d.record_id, d.statement, d.raised_at, d.decision, d.answer, d.decided_at
from disputes d where d.bank_id = $1 and d.person_id = $2 order by d.id
""",
    "attendances": """
select t.activity_code as activity, t.check_in_at, t.check_out_at, t.method, t.outcome
from volunteers v join attendances t on t.bank_id = $1 and t.volunteer_code = v.code
where v.bank_id = $1 and v.owner = $2 order by t.check_in_at, t.digest
""",
    "scans": """
select a.name as activity, s.kind, s.mode, s.outcome, s.happened_at, s.received_at, t.name as station, s.nearness,
  s.is_doubtful, s.evidence, s.actor
from volunteers v join scans s on s.bank_id = $1 and s.volunteer_id = v.id
left join activity_sessions e on e.bank_id = $1 and e.id = s.session_id
left join activities a on a.bank_id = $1 and a.id = e.activity_id
left join stations t on t.bank_id = $1 and t.id = s.station_id
where v.bank_id = $1 and v.owner = $2 order by s.id
""",
    "awards": """
select w.title, w.points, w.awarded_on, w.outcome
from volunteers v join awards w on w.bank_id = $1 and w.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by w.awarded_on, w.digest
""",
    "recognitions": """
select r.scheme, r.as_of, r.level, r.minutes, r.policy_version
from volunteers v join recognitions r on r.bank_id = $1 and r.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by r.as_of, r.scheme
""",
    "stars": """
select c.from_level as from_star, c.to_level as to_star, c.minutes, c.as_of, c.policy_version, c.reason, c.changed_at
from volunteers v join star_changes c on c.bank_id = $1 and c.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by c.id
""",
    "certificates": """
select c.number, c.kind, c.from_on, c.until_on, c.minutes, c.records, c.issued_at, c.issued_by, c.revoked_at,
  c.revoke_reason
from certificates c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "recognition_subjects": """
select r.title, s.minutes, s.any_minutes, s.points, s.records, s.evidence::text as evidence, s.bars,
  (select o.name from organisations o where o.bank_id = $1 and o.id = s.community_id) as community
from recognition_rounds r join recognition_subjects s on s.bank_id = $1 and s.round_id = r.id
where r.bank_id = $1 and s.subject = $2 order by r.id
""",
    "recognition_members": """
select r.title, o.name as organisation, m.from_on, m.until_on
from recognition_members m
join recognition_rounds r on r.bank_id = $1 and r.id = m.round_id
join organisations o on o.bank_id = $1 and o.id = m.organisation_id
where m.bank_id = $1 and m.person_id = $2 order by m.round_id, m.organisation_id, m.from_on
""",
    "recognition_candidates": """
select r.title, r.state as round_state, c.number, c.level, c.place, c.tied, c.minutes, c.points, c.records, c.finding,
  c.state, c.masked_name
from volunteers v join recognition_candidates c on c.bank_id = $1 and c.volunteer_id = v.id
join recognition_rounds r on r.bank_id = $1 and r.id = c.round_id
where v.bank_id = $1 and v.owner = $2 order by c.round_id
""",
    "recognition_decisions": """
select r.title, d.decision, d.reason, d.note, d.decided_at
from volunteers v join recognition_candidates c on c.bank_id = $1 and c.volunteer_id = v.id
join recognition_decisions d on d.bank_id = $1 and d.round_id = c.round_id and d.number = c.number
join recognition_rounds r on r.bank_id = $1 and r.id = c.round_id
where v.bank_id = $1 and v.owner = $2 order by d.id
""",
    "recognition_objections": """
select r.title, o.number, o.ground, o.contact_sealed is not null as has_contact, o.raised_at, o.decided_at, o.decision
from recognition_objections o join recognition_rounds r on r.bank_id = $1 and r.id = o.round_id
where o.bank_id = $1 and o.raised_by = $2 order by o.id
""",
    "redemptions": """
select r.receipt, coalesce(s.name, s.code) as shop, r.points, r.cash_cents, r.policy_version, r.made_at, r.made_by,
  array(select g.name || ' × ' || l.quantity from redemption_lines l
    join goods g on g.bank_id = $1 and g.id = l.goods_id
    where l.bank_id = $1 and l.redemption_id = r.id order by l.line) as goods,
  f.made_at as refunded_at, f.reason
from redemptions r join shops s on s.bank_id = $1 and s.id = r.shop_id
left join refunds f on f.bank_id = $1 and f.redemption_id = r.id
where r.bank_id = $1 and r.person_id = $2 order by r.id
""",
    "reservations": """
select r.id, coalesce(s.name, s.code) as shop, r.points, r.state, r.policy_version, r.made_at, r.made_by, r.until_at,
  r.resolved_at, array(select g.name || ' × ' || l.quantity from reservation_lines l
    join goods g on g.bank_id = $1 and g.id = l.goods_id
    where l.bank_id = $1 and l.reservation_id = r.id order by l.line) as goods
from reservations r join shops s on s.bank_id = $1 and s.id = r.shop_id
where r.bank_id = $1 and r.person_id = $2 order by r.id
""",
    "redemption_slips": """
select r.receipt, r.shop_code as shop, r.sku, r.quantity, r.points, r.redeemed_at, r.outcome
from volunteers v join redemption_slips r on r.bank_id = $1 and r.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 order by r.redeemed_at, r.digest
""",
    "acceptances": """
select a.id, m.name as merchant, o.title, a.fufen, a.via, a.accepted_at, exists (select from complaints c
  where c.bank_id = $1 and c.acceptance_id = a.id and c.refund_id is not null) as is_refunded
from acceptances a
join merchants m on m.bank_id = $1 and m.id = a.merchant_id
join offers o on o.bank_id = $1 and o.id = a.offer_id
where a.bank_id = $1 and a.person_id = $2 order by a.id
""",
    "complaints": """
select c.acceptance_id, c.statement, c.raised_at, c.decision, c.answer, c.decided_at
from complaints c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "merchant_staff": """
select m.name as merchant, s.since_at, s.until_at, s.added_by
from merchant_staff s join merchants m on m.bank_id = $1 and m.id = s.merchant_id
where s.bank_id = $1 and s.person_id = $2 order by s.since_at, s.merchant_id
""",
    "vouchers": """
select v.id, m.name as merchant, o.title, v.kind, v.value, v.fufen, v.state, v.issued_at, v.issued_by, v.expires_on,
  v.resolved_at
from vouchers v join merchants m on m.bank_id = $1 and m.id = v.merchant_id
join offers o on o.bank_id = $1 and o.id = v.offer_id
where v.bank_id = $1 and v.person_id = $2 order by v.id
""",
    "conversions": """
select c.from_unit, c.from_amount, c.to_unit, c.to_amount, c.transaction_id, c.policy_version, c.made_at, c.made_by
from conversions c where c.bank_id = $1 and c.person_id = $2 order by c.id
""",
    "balances": """
select u.code as unit, a.kind, a.expires_on, a.balance
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.owner = $2 and a.guarded order by u.code, a.kind, a.expires_on nulls last
""",
    "warnings": """
select w.unit, w.expires_on, w.days, w.amount, w.warned_at
from expiry_warnings w where w.bank_id = $1 and w.owner = $2 order by w.warned_at, w.unit, w.expires_on
""",
    "kinships": """
select k.person_id, k.kin_id, k.relation, k.declared_at, k.declared_by, k.confirmed_at, k.ended_at, k.ended_by
from kinships k where k.bank_id = $1 and (k.person_id = $2 or k.kin_id = $2) order by k.id
""",
    "gifts": """
select g.kind, g.from_person_id, g.to_person_id, f.name as fund, g.amount, g.reason, g.transaction_id, g.policy_version,
  g.made_at, g.made_by
from gifts g left join funds f on f.bank_id = $1 and f.id = g.fund_id
where g.bank_id = $1 and (g.from_person_id = $2 or g.to_person_id = $2) order by g.id
""",
    "service_orders": """
select s.id, o.name as organisation, s.person_id, s.served_id, s.server_id, s.category,
  case when $2 in (s.person_id, s.served_id) then s.wish end as wish, s.wanted_at, s.minutes, s.coins, s.coins_used,
  s.state, s.policy_version, s.ordered_at, s.ordered_by, s.until_at, s.resolved_at
from service_orders s join organisations o on o.bank_id = $1 and o.id = s.organisation_id
where s.bank_id = $1 and (s.person_id = $2 or s.served_id = $2 or s.server_id = $2) order by s.id
""",
    "notifications": """
select n.kind, n.params::text as params, n.made_at, n.read_at
from notifications n where n.bank_id = $1 and n.person_id = $2 order by n.id
""",
    "channels": """
select c.channel, c.chosen_at from channel_choices c where c.bank_id = $1 and c.person_id = $2 order by c.channel
""",
    "messages": """
select m.channel, m.kind, m.made_at, m.state, m.attempts, m.ended_at, m.problem
from messages m where m.bank_id = $1 and m.person_id = $2 order by m.id
""",
    "acts": """
select a.action, a.subject, a.person_id, a.principal_id, a.acted_at
from acts a where a.bank_id = $1 and (a.person_id = $2 or a.principal_id = $2) order by a.id
""",
}
"""Part: what it is read by. Fields, looks and statements are read by the same functions as everywhere else."""
