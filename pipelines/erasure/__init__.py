"""What has to go, taken out of releases, parts and later builds."""
