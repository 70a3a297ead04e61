"""Reading and writing DICOM. The only room that knows it."""
