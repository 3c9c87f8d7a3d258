"""The codes of check-in: what stations, posters and members' phones show, and their pictures."""
