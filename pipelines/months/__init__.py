"""Month after month: a corpus that grows by releases, each built on those before it."""
