"""DICOM's messages as bytes (PS3.7, PS3.8), for who listens and for who calls."""
