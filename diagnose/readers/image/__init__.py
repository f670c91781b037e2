"""Container images, read layer by layer without an engine: archives, OCI layouts, images of the local engine."""
