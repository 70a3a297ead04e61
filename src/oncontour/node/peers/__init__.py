"""Whom the node talks to: PACS and archives, by DIMSE or by DICOMweb, behind one small face (`Peer`)."""
