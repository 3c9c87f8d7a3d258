"""All pages of one's own: each leads somewhere, for whoever volunteers."""

import pytest

from api.web.volunteer.more import GROUPS
from tests.api.cast import Cast
from tests.api.web.browser import Browsers
from timebank.database import Database
from timebank.notifications.actions import tell

ADDRESSES = [way.address for group in GROUPS for way in group.ways]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_way_leads_to_a_page(of: Browsers, path: str) -> None:
    assert (await of("alice").get(path)).status_code == 200


async def test_lists_them_all_and_counts_what_is_new(of: Browsers, cast: Cast, database: Database) -> None:
    people = [cast.people["alice"]]
    for _ in range(2):
        await database.write(cast.bank, lambda tx: tell(tx, people, "pin_set", card=1))
    alice = of("alice")
    await alice.get("/me/more")
    for path in ADDRESSES:
        assert f'href="{path}"' in alice.last.text, path
    assert '<span class="badge">2</span>' in alice.last.text
    assert (await of("station").get("/me/more")).status_code == 403
