"""The pages of `api.web.volunteer`."""
