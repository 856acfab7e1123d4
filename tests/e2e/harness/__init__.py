"""The surroundings of the end-to-end tests: a private Postfix, a sink, a name server, three verifiers."""
