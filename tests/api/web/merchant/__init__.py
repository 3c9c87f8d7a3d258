"""The pages of `api.web.merchant`."""
