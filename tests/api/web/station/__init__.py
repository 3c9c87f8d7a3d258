"""The pages of `api.web.station`."""
