"""Declared for the drift check: where people check in."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import bank_key, identity_key, metadata, tenant_reference

stations = Table(
    "stations",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("hours", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("steward_id", UUID),
    Column("latitude_e6", BigInteger),
    Column("longitude_e6", BigInteger),
    Column("radius_metres", BigInteger),
    Column("poster_serial", BigInteger, nullable=False, server_default=text("1")),
    Column("closed_on", Date),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    UniqueConstraint("bank_id", "code", name="stations_code_key"),
    tenant_reference("stations", "organisation_id", "organisations"),
    tenant_reference("stations", "steward_id", "people"),
    CheckConstraint(
        "kind in ('neighbourhood', 'warm_stop', 'elder_canteen', 'party_centre', 'health', 'other')",
        name="stations_kind_check",
    ),
    CheckConstraint("(latitude_e6 is null) = (longitude_e6 is null)", name="stations_location_check"),
    CheckConstraint("latitude_e6 between -90000000 and 90000000", name="stations_latitude_check"),
    CheckConstraint("longitude_e6 between -180000000 and 180000000", name="stations_longitude_check"),
    CheckConstraint("radius_metres > 0", name="stations_radius_check"),
    Index("stations_organisation_idx", "bank_id", "organisation_id", "id"),
)

session_stations = Table(
    "session_stations",
    metadata,
    bank_key(),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    Column("station_id", BigInteger, primary_key=True, autoincrement=False),
    tenant_reference("session_stations", "session_id", "activity_sessions"),
    tenant_reference("session_stations", "station_id", "stations"),
)
