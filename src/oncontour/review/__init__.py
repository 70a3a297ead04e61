"""What people look at and judge: blinded reader studies."""
