"""The node's ears: C-STORE and C-ECHO, and where wanted STOW-RS and a drop folder. What they hear goes to the spool."""
