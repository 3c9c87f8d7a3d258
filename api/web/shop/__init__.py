"""The shop manager's desk: what is offered, what stands there, what moves it besides the counter, later refunds."""

from api.web.shop import catalogue, goods, refunds, stock

PARTS = (stock, catalogue, goods, refunds)
