"""Charts as files: matplotlib figures in the reader's language where a font can write it."""
