"""What anybody may look at without logging in: the start, the login, notice boards, verification."""

from api.web.public import checkpoint, demo, login, notices, recognised, start, verifying

PARTS = (start, demo, login, notices, recognised, verifying, checkpoint)
