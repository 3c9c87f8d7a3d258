"""The pages of `api.web.public`."""
