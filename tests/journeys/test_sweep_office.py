"""Every page of the office by day and by night, plain and for elders, Chinese and English: held to one measure."""

import pytest

from api.web.navigation import OFFICE
from tests.journeys.demonstration import Fair
from tests.journeys.sweeping import OF_THE_RAIL, OFFICES, Sweep


@pytest.mark.timeout(600)
async def test_every_page_of_the_office_holds_in_every_mode(fair: Fair) -> None:
    sweep = Sweep(fair, OFFICES, of_office=True)
    await sweep.run()
    assert not sweep.faults, sweep.said()
    assert {way.address for way in (OFFICE, *OF_THE_RAIL)} <= sweep.seen
