"""Images on disk: NIfTI, dataset layouts, finding what a user meant, and the synthetic cohort."""
