"""What a build will take, before it begins: a sample of its input, constants, prices."""
