"""An evaluation as a reader sees it: one HTML page, thumbnails of what failed."""


