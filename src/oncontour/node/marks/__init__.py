"""What readers think of results, as they say it: from the PACS, from the page, from the command line."""
