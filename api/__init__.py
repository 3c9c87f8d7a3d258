"""HTTP: parse, authorise, call one action, render. `v1` is the JSON API; nothing here decides anything."""
