"""Programs that receive DICOM images, timed by `receive_rate.py`."""
