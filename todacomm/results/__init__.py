"""What travels between the rooms: the observation, the tidy table and its reader, findings and warnings."""
