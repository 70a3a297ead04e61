"""What readers' answers say: tables, tests and figures of papers 001 (Figure 5) and 003 (Tables 2 and 3)."""
