"""What is done with a complete study: steps that survive a crash, and a node that takes over from a dead one."""
