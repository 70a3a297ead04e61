"""How long images and results stay: by age and by need of room, never before their case has ended."""
