"""The pages of `api.web.till`."""
