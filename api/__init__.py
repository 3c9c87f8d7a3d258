"""HTTP: parse, authorise, call one action, render. Routes come with the service; there are none yet."""
