"""The shelf between training and service: manifests and the trained artefacts themselves."""
