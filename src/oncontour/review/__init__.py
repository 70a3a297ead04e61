"""What people look at and judge: results in the browser, blinded reader studies."""
