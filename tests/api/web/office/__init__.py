"""The pages of `api.web.office`."""
