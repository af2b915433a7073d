"""Joint case review: referral, recommendation, decision, and the review that follows."""
