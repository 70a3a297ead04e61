"""What web pages and services of the program share."""
