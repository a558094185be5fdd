"""What each screen says, from records to words and rows; pure, so that it is tested without a terminal."""
