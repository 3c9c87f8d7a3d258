"""What happens by the calendar: each job can be run by hand for any day, again and again."""
