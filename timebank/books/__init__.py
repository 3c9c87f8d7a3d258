"""The books as an auditor sees them: transactions, and taking one back."""
