"""What Prometheus is told of requests."""

from api import metrics
from tests.api.cast import Cast
from tests.api.conftest import As


async def test_a_request_is_counted_by_its_route_as_declared(as_: As, cast: Cast) -> None:
    def counted() -> float:
        labels = ("GET", "/api/v1/people/{person_id}/standing", "200")
        return float(metrics.REQUESTS.labels(*labels)._value.get())

    before = counted()
    answer = await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/standing")
    assert answer.status_code == 200
    assert counted() == before + 1
    assert str(cast.people["alice"]) not in metrics.exposition().decode()
