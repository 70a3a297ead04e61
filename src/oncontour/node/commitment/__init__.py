"""Storage commitment, push model (PS3.4 annex J): a peer is asked to promise that it keeps what it was sent.

The request goes out as N-ACTION (`peers/dimse.py`). The report comes as N-EVENT-REPORT, on the same association or on a
new one to any node's port, minutes or hours later; whoever hears it writes it into the ledger
(`ledger/commitments.py`), where the delivery that waits for it looks (`delivery/keep.py`).
"""
