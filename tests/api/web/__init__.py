"""The pages over ASGI: cookies, forms, redirects, languages, and who may see what. `tests/journeys` has a browser."""
