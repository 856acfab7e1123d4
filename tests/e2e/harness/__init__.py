"""What the end-to-end tests stand on: a private Postfix, a sink, a name server, three verifiers."""
