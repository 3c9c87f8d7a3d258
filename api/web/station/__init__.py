"""The pages of a station: its screen, helping elders, the roll call, the queue without network; reading photos."""

from api.web.station import helping, photos, queues, rolls, screens

PARTS = (photos, queues, helping, rolls, screens)
