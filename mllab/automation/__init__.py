"""What makes work start and go on by itself: the inbox's watcher, the scheduler, the lanes' workers, the keepers."""
