"""What a sample of events looks like (thesis, section 7.2 and appendix B)."""
