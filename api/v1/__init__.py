"""The JSON API, one file per resource; each brings its `router`, and this file is the list of them."""

from importlib import import_module

from fastapi import APIRouter

RESOURCES = (
    # A route is found by trying one after another, so what phones ask for all day comes first.
    "balances",
    "scans",
    "session_scans",
    "scan_batches",
    "me",
    "activities",
    "activity_sessions",
    "awards",
    "calendar_days",
    "cards",
    "closings",
    "consents",
    "credentials",
    "devices",
    "disputes",
    "exports",
    "guardianships",
    "imports",
    "jwks",
    "login",
    "look_ups",
    "memberships",
    "notices",
    "notifications",
    "objections",
    "organisations",
    "passes",
    "people",
    "policy",
    "policy_trials",
    "privacy",
    "proofs",
    "proxies",
    "records",
    "registrations",
    "reports",
    "reviews",
    "roles",
    "roll_calls",
    "sessions",
    "shops",
    "sign_ups",
    "station_codes",
    "stations",
    "tasks",
    "transactions",
)

router = APIRouter(prefix="/api/v1")
for resource in RESOURCES:
    router.include_router(import_module(f"api.v1.{resource}").router)
