"""A year of warnings by the job: each reaches each channel once, however often both are run."""

from datetime import date, timedelta

from tests.timebank.expiry.packs import pack
from tests.timebank.expiry.scene import FIRST_DAY, Scene, morning
from tests.timebank.messages.conftest import ADDRESS, Post
from timebank.messages.channels import TemporaryError
from timebank.messages.sending import send_due

END = date(2026, 12, 31)


async def test_every_warning_is_sent_once_by_each_channel(post: Post) -> None:
    scene = Scene(post.database, post.cast.bank)
    await scene.adopt((FIRST_DAY, pack()))
    alice = await post.choose("alice", "email", "wechat", email=ADDRESS)
    await post.endpoint(kinds=["expiring"])
    await scene.give(alice, END, 50)
    spies = {name: post.spy(name) for name in ("email", "wechat", "webhook")}
    for left in (60, 59, 30, 30, 7, 1):
        day = END - timedelta(days=left)
        for _ in range(2):
            await scene.warn(day)
            post.now = morning(day)
            spies["email"].failure = TemporaryError("smtp:421") if left == 30 else None
            await send_due(post.outbox, post.cast.bank)
    for name, spy in spies.items():
        sent = {each.reference: each.params["days"] for each in spy.sent}
        assert len(sent) == 3, name
        assert set(sent.values()) == {60, 30, 7}, name
    assert {state for _, state, _, _ in await post.rows()} == {"sent"}
