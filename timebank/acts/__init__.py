"""Acts: who did what through the service, and the answers that keyed requests got."""
