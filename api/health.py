"""Whether the process lives, whether it can serve, and its metrics. No login; nothing about anybody."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from api import metrics
from api.edge import ServiceOf
from api.problems import problems

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """What a load balancer asks."""

    status: str


@router.get("/health/live", operation_id="live")
async def live() -> Health:
    """Answer as long as the process runs."""
    return Health(status="live")


@router.get("/health/ready", operation_id="ready", responses=problems())
async def ready(service: ServiceOf) -> Health:
    """Answer 200 when the database answers."""
    await service.database.ping()
    return Health(status="ready")


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def read_metrics(service: ServiceOf) -> Response:
    """Return the metrics of all workers and of the jobs, as Prometheus reads them."""
    jobs = await service.job_metrics.exposition(service.database, service.now())
    return Response(metrics.exposition() + jobs, media_type="text/plain; version=0.0.4; charset=utf-8")
