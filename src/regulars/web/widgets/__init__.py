"""Scripts that run in the pages of a shop, on another origin: plain JavaScript, sent as it is written here."""
