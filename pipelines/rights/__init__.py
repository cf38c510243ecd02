"""What hosts and pages say of their use, joined over a whole build."""
